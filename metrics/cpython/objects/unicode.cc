#include "metrics/cpython/objects/unicode.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

#include "metrics/base/utf8.h"

namespace leak_exporter::cpython {
namespace {

constexpr size_t kLargestHeader = 96;

// Everything but the length, and the address of the characters only where they
// follow the header. The bits of PyASCIIObject.state, from the lowest: interned
// 2, kind 3, compact 1, ascii 1.
TextForm FormOf(const Layout& layout, RemoteAddr text, uint32_t state) {
  const uint32_t bits = state >> layout.unicode.state_shift;
  TextForm form;
  form.kind = bits >> 2 & 7;
  form.compact = (bits >> 5 & 1) != 0;
  form.ascii = (bits >> 6 & 1) != 0;
  if (form.compact) {
    form.data = text + (form.ascii ? layout.unicode.ascii_size
                                   : layout.unicode.compact_size);
  }
  return form;
}

tl::unexpected<Error> BadText(RemoteAddr address, const std::string& why) {
  return Failure(0, "str at " + ToString(address) + ": " + why);
}

Result<std::string> ReadRaw(const RemoteMemory& memory, RemoteAddr data,
                            size_t size) {
  std::string bytes(size, '\0');
  auto read = memory.ReadExact(
      data, std::as_writable_bytes(std::span(bytes.data(), bytes.size())));
  if (!read) return tl::unexpected<Error>(read.error());
  return bytes;
}

std::string Decode(const std::string& raw, size_t kind) {
  std::string text;
  text.reserve(raw.size());
  for (size_t i = 0; i + kind <= raw.size(); i += kind) {
    uint32_t code_point = 0;
    std::memcpy(&code_point, raw.data() + i, kind);
    AppendUtf8(text, code_point);
  }
  return text;
}

}  // namespace

TextForm FindTextForm(const Layout& layout, const ObjectView& object) {
  TextForm form = FormOf(layout, object.address(),
                         object.Get<uint32_t>(layout.unicode.state));
  form.length = object.Word(layout.unicode.length);
  if (!form.compact) form.data = object.Pointer(layout.unicode.data);
  return form;
}

std::optional<TextForm> ReadTextForm(ReadCache& memory, const Layout& layout,
                                     RemoteAddr text) {
  const auto length = memory.Read<uint64_t>(text + layout.unicode.length);
  if (!length) return std::nullopt;
  const bool is_unicode2 = layout.unicode.state == kAbsent;
  TextForm form;
  if (!is_unicode2) {
    const auto state = memory.Read<uint32_t>(text + layout.unicode.state);
    if (!state) return std::nullopt;
    form = FormOf(layout, text, *state);
  }
  form.length = *length;
  if (!form.compact) {
    form.data = memory.Read<RemoteAddr>(text + layout.unicode.data)
                    .value_or(RemoteAddr{});
  }
  if (is_unicode2) form.kind = GuessCharacterBytes(memory, form.data, *length);
  if (!form.IsPlausible()) return std::nullopt;
  return form;
}

uint64_t GuessCharacterBytes(ReadCache& memory, RemoteAddr data,
                             uint64_t length) {
  constexpr uint64_t kLookedAt = 64;
  constexpr uint32_t kLastCodePoint = 0x10FFFF;
  for (uint64_t i = 0; i < std::min(length, kLookedAt); ++i) {
    const auto character = memory.Read<uint32_t>(data + 4 * i);
    if (!character || *character > kLastCodePoint) return 2;
  }
  return memory.Read<uint32_t>(data + 4 * length) == 0U ? 4 : 2;
}

Result<std::string> ReadText(const RemoteMemory& memory, const Layout& layout,
                             RemoteAddr address, size_t limit) {
  const bool is_bytes = layout.unicode.state == kAbsent;
  std::array<std::byte, kLargestHeader> header;
  const size_t header_size =
      is_bytes ? layout.bytes.ob_sval : layout.unicode.state + sizeof(uint32_t);
  auto read = memory.ReadExact(address, std::span(header).first(header_size));
  if (!read) return tl::unexpected<Error>(read.error());

  const auto length = Load<uint64_t>(
      header, is_bytes ? layout.object.ob_size : layout.unicode.length);
  if (length > limit) {
    return BadText(
        address, "a length of " + std::to_string(length) + ", over the limit");
  }
  const auto size = static_cast<size_t>(length);
  if (is_bytes) return ReadRaw(memory, address + header_size, size);

  TextForm form =
      FormOf(layout, address, Load<uint32_t>(header, layout.unicode.state));
  if (!form.IsPlausible()) {
    return BadText(address, "kind " + std::to_string(form.kind));
  }
  if (!form.compact) {
    auto pointer = memory.ReadPointer(address + layout.unicode.data);
    if (!pointer) return tl::unexpected<Error>(pointer.error());
    form.data = *pointer;
  }
  const auto kind = static_cast<size_t>(form.kind);
  auto raw = ReadRaw(memory, form.data, size * kind);
  if (!raw || form.ascii) return raw;
  return Decode(*raw, kind);
}

}  // namespace leak_exporter::cpython
