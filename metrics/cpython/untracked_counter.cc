#include "metrics/cpython/untracked_counter.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "metrics/cpython/dict_reader.h"
#include "metrics/cpython/text.h"

namespace leak_exporter::cpython {
namespace {

/// Allocators give out addresses that are multiples of this.
constexpr size_t kAlignment = 16;
constexpr uint64_t kMaxModules = 1 << 16;
constexpr size_t kMaxNameBytes = 256;
/// Every header of an object that is measured here.
constexpr size_t kHeaderBytes = 256;
/// More than any one object can have: the numbers are torn.
constexpr uint64_t kMaxObjectBytes = uint64_t{1} << 40;
/// The bits of a count of 3.14 and later that are flags, and those that must
/// be 0; before, all of the upper half must.
constexpr uint64_t kFlagBits = uint64_t{0xFFFF} << 48;
/// gc_refs of an object that is not tracked, up to 3.7; from 3.6 on shifted.
constexpr int64_t kUntrackedRefs = -2;

constexpr std::string_view kBuiltinTypes[] = {
    "bytearray", "bytes", "complex", "dict",    "float", "int",
    "long",      "str",   "tuple",   "unicode", "range"};

RemoteAddr FindByName(const Layout& layout, NearMemory& memory,
                      const RemoteMemory& remote, RemoteAddr dict,
                      std::string_view name) {
  RemoteAddr found{};
  ForEachItem(layout, memory, dict, kMaxModules,
              [&](RemoteAddr key, RemoteAddr value) {
                const auto text = ReadText(remote, layout, key, kMaxNameBytes);
                if (!text || *text != name) return true;
                found = value;
                return false;
              });
  return found;
}

}  // namespace

std::vector<TypeIndex> FindUntrackedTypes(TypeTable& types,
                                          RemoteAddr modules) {
  const Layout& layout = types.layout();
  NearMemory memory(types.memory());
  std::vector<TypeIndex> found;
  const auto add = [&](std::string_view module,
                       std::span<const std::string_view> names) {
    const RemoteAddr object =
        FindByName(layout, memory, types.memory(), modules, module);
    if (object == RemoteAddr{}) return;
    const auto dict = memory.Read<RemoteAddr>(
        object + FindPrivateLayout(layout.version).module.md_dict);
    if (!dict) return;
    for (const std::string_view name : names) {
      const TypeIndex type =
          types.Find(FindByName(layout, memory, types.memory(), *dict, name));
      if (type != kNoType &&
          std::find(found.begin(), found.end(), type) == found.end())
        found.push_back(type);
    }
  };
  constexpr std::string_view kArray[] = {"ndarray"};
  add(layout.version.major < 3 ? "__builtin__" : "builtins", kBuiltinTypes);
  add("numpy", kArray);
  return found;
}

UntrackedCounter::UntrackedCounter(TypeTable& types,
                                   const std::vector<TypeIndex>& wanted)
    : types_(types),
      layout_(types.layout()),
      private_layout_(FindPrivateLayout(layout_.version)),
      memory_(types.memory()),
      plans_(types, memory_),
      context_{layout_, private_layout_, memory_, {}} {
  for (const TypeIndex type : wanted) {
    const TypeInfo& info = types[type];
    const uint64_t address = Value(info.address);
    wanted_.push_back({address, info.Has(type_flags::kHaveGc), usage_.size()});
    usage_.push_back({type, 0, 0});
    lowest_type_ = std::min(lowest_type_, address);
    highest_type_ = std::max(highest_type_, address);
  }
}

void UntrackedCounter::Visit(const HeapBlock& block, TypeTable&) {
  if (wanted_.empty() || block.bytes.size() < kAlignment) return;
  memory_.Enter(block.begin, block.bytes);
  const uint64_t begin = Value(block.begin);
  const uint64_t from = std::max(begin, next_);
  const uint64_t first = (from + kAlignment - 1) / kAlignment * kAlignment;
  const uint64_t end = begin + block.bytes.size() - kAlignment;
  for (uint64_t at = first; at <= end; at += kAlignment) {
    const size_t offset = at - begin;
    const auto type =
        Load<uint64_t>(block.bytes, offset + layout_.object.ob_type);
    if (type < lowest_type_ || type > highest_type_) continue;
    const Wanted* wanted = Find(type);
    if (wanted != nullptr && IsAlive(Load<uint64_t>(block.bytes, offset)))
      Count(block, offset, *wanted);
  }
  next_ = std::max(next_, end + kAlignment);
  memory_.Leave();
}

const UntrackedCounter::Wanted* UntrackedCounter::Find(uint64_t type) const {
  const auto found = std::find_if(
      wanted_.begin(), wanted_.end(),
      [&](const Wanted& wanted) { return wanted.address == type; });
  return found == wanted_.end() ? nullptr : &*found;
}

bool UntrackedCounter::IsAlive(uint64_t refcnt) const {
  const uint64_t flags =
      layout_.version.major == 3 && layout_.version.minor >= 14 ? kFlagBits : 0;
  return (refcnt & UINT32_MAX) != 0 && ((refcnt & ~flags) >> 32) == 0;
}

bool UntrackedCounter::IsTracked(const ObjectView& object) const {
  const int64_t head = -static_cast<int64_t>(layout_.gc_head.size);
  if (layout_.gc_scheme == GcScheme::kRefs) {
    const int64_t refs = object.Signed(head + layout_.gc_head.gc_refs);
    return (layout_.version.major < 3 ? refs : refs >> 1) != kUntrackedRefs;
  }
  return object.Word(head) != 0 || object.Word(head + 8) != 0;
}

void UntrackedCounter::Count(const HeapBlock& block, size_t offset,
                             const Wanted& wanted) {
  const RemoteAddr address = block.begin + offset;
  const size_t before = std::min<size_t>(offset, HeapBlock::kBytesBefore);
  std::array<std::byte, HeapBlock::kBytesBefore + kHeaderBytes> copy{};
  std::span<const std::byte> bytes = block.bytes;
  size_t at = offset;
  if (block.bytes.size() - offset < kHeaderBytes) {
    // Near the end of what was read: as much as there is.
    for (size_t size = copy.size(); size > before; size -= kAlignment) {
      if (!memory_.ReadExact(address - before, std::span(copy).first(size)))
        continue;
      break;
    }
    bytes = copy;
    at = before;
  }
  const ObjectView object(address, bytes, at);
  if (wanted.collected && IsTracked(object)) return;
  UntrackedUsage& usage = usage_[wanted.usage];
  const ObjectMeasure measure =
      MeasureObject(context_, plans_[usage.type], object);
  if (measure.bytes > kMaxObjectBytes) return;
  ++usage.objects;
  usage.bytes += measure.bytes;
}

}  // namespace leak_exporter::cpython
