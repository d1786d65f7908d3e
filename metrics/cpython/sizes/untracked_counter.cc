#include "metrics/cpython/sizes/untracked_counter.h"

#include <algorithm>
#include <array>
#include <bit>
#include <string_view>

#include "metrics/cpython/objects/dict_reader.h"
#include "metrics/cpython/objects/long.h"
#include "metrics/cpython/objects/unicode.h"

namespace leak_exporter::cpython {
namespace {

/// The size of a reference count and a type.
constexpr size_t kObjectBytes = 16;
constexpr uint64_t kMaxModules = 1 << 16;
constexpr size_t kMaxNameBytes = 256;
/// No header of an object that is measured here is longer.
constexpr size_t kHeaderBytes = 256;
/// A copy that cannot be read whole is tried again with this many bytes less.
constexpr size_t kCopyStep = 16;
/// No object has more: the numbers are torn.
constexpr uint64_t kMaxObjectBytes = uint64_t{1} << 40;
/// Numbers above this are addresses, of programs that are loaded low in memory.
/// The counts of immortal objects are much larger still.
constexpr uint64_t kLargestCount = 1 << 20;
constexpr uint64_t kImmortalCount = uint64_t{1} << 31;
/// gc_refs of an object that is not tracked, up to 3.7.
constexpr int64_t kUntrackedRefs = -2;

constexpr std::string_view kBuiltinTypes[] = {
    "bytearray", "bytes", "complex", "dict",    "float", "int",
    "long",      "str",   "tuple",   "unicode", "range"};

/// The word before a type where it is the key of a dict. Of a type low in
/// memory it would pass for a count.
uint64_t HashOf(uint64_t address) { return std::rotr(address, 4); }

RemoteAddr FindByName(const Layout& layout, ReadCache& memory,
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
  ReadCache memory(types.memory());
  std::vector<TypeIndex> found;
  const auto add = [&](std::string_view module,
                       std::span<const std::string_view> names) {
    const RemoteAddr object =
        FindByName(layout, memory, types.memory(), modules, module);
    if (object == RemoteAddr{}) return;
    const auto dict =
        memory.Read<RemoteAddr>(object + layout.internal.module.md_dict);
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
  add(layout.builtins_module, kBuiltinTypes);
  add("numpy", kArray);
  return found;
}

UntrackedCounter::UntrackedCounter(TypeTable& types,
                                   const std::vector<TypeIndex>& wanted)
    : layout_(types.layout()),
      memory_(types.memory()),
      shapes_(types, memory_),
      context_{layout_, memory_, {}} {
  for (const TypeIndex type : wanted) {
    const TypeInfo& info = types[type];
    const uint64_t address = Value(info.address);
    if (info.Has(type_flags::kTupleSubclass)) tuple_type_ = address;
    wanted_.push_back({address, info.Has(type_flags::kHaveGc), usage_.size()});
    usage_.push_back({type, 0, 0});
    lowest_type_ = std::min(lowest_type_, address);
    highest_type_ = std::max(highest_type_, address);
  }
}

void UntrackedCounter::Visit(const HeapBlock& block, TypeTable&) {
  if (wanted_.empty() || block.bytes.size() < kObjectBytes) return;
  memory_.Enter(block.begin, block.bytes);
  const uint64_t begin = Value(block.begin);
  const uint64_t from = std::max(begin, next_);
  const uint64_t step = layout_.untracked_alignment;
  const uint64_t first = (from + step - 1) / step * step;
  const uint64_t end = begin + block.bytes.size() - kObjectBytes;
  for (uint64_t at = first; at <= end; at += step) {
    const size_t offset = at - begin;
    const auto type =
        Load<uint64_t>(block.bytes, offset + layout_.object.ob_type);
    if (type < lowest_type_ || type > highest_type_) continue;
    const Wanted* wanted = Find(type);
    if (wanted == nullptr) continue;
    const auto refcnt = Load<uint64_t>(block.bytes, offset);
    if (IsAlive(refcnt) && refcnt != HashOf(type) &&
        !IsInsideTuple(block.bytes, offset))
      Count(block, offset, *wanted);
  }
  next_ = std::max(next_, end + step);
  memory_.Leave();
}

bool UntrackedCounter::IsInsideTuple(std::span<const std::byte> bytes,
                                     size_t offset) const {
  const size_t before = layout_.object.ob_size - layout_.object.ob_type;
  return tuple_type_ != 0 && offset >= before &&
         Load<uint64_t>(bytes, offset - before) == tuple_type_;
}

const UntrackedCounter::Wanted* UntrackedCounter::Find(uint64_t type) const {
  const auto found = std::find_if(
      wanted_.begin(), wanted_.end(),
      [&](const Wanted& wanted) { return wanted.address == type; });
  return found == wanted_.end() ? nullptr : &*found;
}

bool UntrackedCounter::IsAlive(uint64_t refcnt) const {
  const uint64_t count = refcnt & ~layout_.object.refcnt_flags;
  return (count - 1 < kLargestCount) ||
         (layout_.immortal_objects && count >= kImmortalCount &&
          count <= UINT32_MAX);
}

bool UntrackedCounter::IsTracked(const ObjectView& object) const {
  const int64_t head = -static_cast<int64_t>(layout_.gc_head.size);
  if (layout_.gc_scheme == GcScheme::kRefs) {
    const int64_t refs = object.Signed(head + layout_.gc_head.gc_refs);
    return refs >> layout_.gc_head.gc_refs_shift != kUntrackedRefs;
  }
  return object.Word(head) != 0 || object.Word(head + 8) != 0;
}

bool UntrackedCounter::EndsWithNul(RemoteAddr data, uint64_t length,
                                   uint64_t width) {
  if (length > kMaxObjectBytes) return false;
  const RemoteAddr end = data + length * width;
  switch (width) {
    case 1:
      return memory_.Read<uint8_t>(end) == 0U;
    case 2:
      return memory_.Read<uint16_t>(end) == 0U;
    case 4:
      return memory_.Read<uint32_t>(end) == 0U;
    default:
      return false;
  }
}

bool UntrackedCounter::IsWhole(const TypeShape& shape,
                               const ObjectView& object) {
  const uint64_t size = object.Word(layout_.object.ob_size);
  switch (shape.kind) {
    case ObjectKind::kLong: {
      const uint64_t digits = CountDigits(layout_, object);
      if (digits == 0) return true;
      const auto last = memory_.Read<uint32_t>(object.address() +
                                               layout_.long_object.ob_digit +
                                               sizeof(uint32_t) * (digits - 1));
      constexpr uint32_t kDigitEnd = 1 << 30;
      return last && *last != 0 && *last < kDigitEnd;
    }
    case ObjectKind::kText: {
      if (layout_.unicode.state == kAbsent) {
        // 2.7's str; its unicode keeps the characters elsewhere.
        const bool is_bytes = shape.item_bytes != 0;
        return !is_bytes ||
               EndsWithNul(object.address() + layout_.bytes.ob_sval, size, 1);
      }
      const TextForm form = FindTextForm(layout_, object);
      return EndsWithNul(form.data, form.length, form.kind);
    }
    case ObjectKind::kByteArray:
      return object.Word(layout_.bytearray.ob_alloc) >= size &&
             (size == 0 || layout_.bytearray.ob_start == kAbsent ||
              EndsWithNul(object.Pointer(layout_.bytearray.ob_start), size, 1));
    default:
      break;
  }
  // bytes is the only other type with items of one byte.
  if (shape.kind == ObjectKind::kPlain && shape.item_bytes == 1)
    return EndsWithNul(object.address() + layout_.bytes.ob_sval, size, 1);
  return true;
}

void UntrackedCounter::Count(const HeapBlock& block, size_t offset,
                             const Wanted& wanted) {
  const RemoteAddr address = block.begin + offset;
  const size_t before = std::min<size_t>(offset, HeapBlock::kBytesBefore);
  std::array<std::byte, HeapBlock::kBytesBefore + kHeaderBytes> copy{};
  std::span<const std::byte> bytes = block.bytes;
  size_t at = offset;
  if (block.bytes.size() - offset < kHeaderBytes) {
    // The object is at the end of what was read: as much as there is, is read
    // anew.
    for (size_t size = copy.size(); size > before; size -= kCopyStep) {
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
  const TypeShape& shape = shapes_[usage.type];
  if (!IsWhole(shape, object)) return;
  const ObjectMeasure measure = MeasureObject(context_, shape, object);
  if (measure.bytes > kMaxObjectBytes) return;
  ++usage.objects;
  usage.bytes += measure.bytes;
}

}  // namespace leak_exporter::cpython
