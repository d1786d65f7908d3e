#include <array>
#include <bit>
#include <span>
#include <string>

#include "metrics/cpython/layout/traverse_mask.h"
#include "metrics/cpython/objects/dict.h"
#include "metrics/cpython/sizes/object_measure.h"

namespace leak_exporter::cpython {
namespace {

constexpr uint64_t kWordBytes = 8;
constexpr uint64_t kMaxModuleName = 64;

/// md_name: ASCII, as C code gave it.
std::string ReadModuleName(const MeasureContext& context, RemoteAddr text) {
  const auto& layout = context.layout.unicode;
  const auto length = context.memory.Read<uint64_t>(text + layout.length);
  if (!length || *length > kMaxModuleName) return {};
  std::string name(static_cast<size_t>(*length), '\0');
  const bool read = context.memory.ReadExact(
      text + layout.ascii_size,
      std::as_writable_bytes(std::span(name.data(), name.size())));
  return read ? name : std::string();
}

}  // namespace

void MeasureType(const MeasureContext& context, const ObjectView& object,
                 ObjectMeasure& measure) {
  const Offset offset = context.layout.type.ht_cached_keys;
  if (offset == kAbsent) return;
  const RemoteAddr keys = object.Pointer(offset);
  if (keys == RemoteAddr{}) return;
  std::array<std::byte, DictKeys::kHeaderBytes> header{};
  if (!context.memory.ReadExact(keys, header)) return;
  const auto parsed = DictKeys::Parse(context.layout, header);
  if (parsed) measure.bytes += parsed->bytes;
}

void MeasureModule(const MeasureContext& context, const ObjectView& object,
                   ObjectMeasure& measure) {
  const auto& layout = context.layout.internal.module;
  if (layout.md_state == kAbsent) return;
  const RemoteAddr state = object.Pointer(layout.md_state);
  const RemoteAddr holder = layout.md_def == kAbsent
                                ? object.address()
                                : object.Pointer(layout.md_def);
  if (state == RemoteAddr{} || holder == RemoteAddr{}) return;
  const auto size = context.memory.Read<int64_t>(holder + layout.state_size);
  const auto traverse =
      context.memory.Read<uint64_t>(holder + layout.state_traverse);
  if (!size || traverse.value_or(0) == 0) return;
  const auto words = FindTraverseMask(
      "module " + ReadModuleName(context, object.Pointer(layout.md_name)),
      *size, context.layout.version);
  for (uint64_t left = words.value_or(0); left != 0; left &= left - 1) {
    const auto word = context.memory.Read<uint64_t>(
        state + kWordBytes * static_cast<uint64_t>(std::countr_zero(left)));
    measure.references += word.value_or(0) != 0;
  }
}

}  // namespace leak_exporter::cpython
