#include "metrics/cpython/sizes/object_measure.h"

#include <algorithm>
#include <array>
#include <bit>
#include <span>

namespace leak_exporter::cpython {
namespace {

/// Where the values (3.11) and the dict (3.11 on) of an instance are, counted
/// from the instance.
constexpr int64_t kValues311 = -32;
constexpr int64_t kManagedDictOffset = -24;
constexpr size_t kMaxSharedKeys = 64;

uint64_t CountSet(std::span<const uint64_t> words) {
  return static_cast<uint64_t>(std::count_if(
      words.begin(), words.end(), [](uint64_t word) { return word != 0; }));
}

uint64_t CountValues(const MeasureContext& context, const AddressRange& range) {
  std::array<uint64_t, kMaxSharedKeys> words{};
  const std::span<uint64_t> wanted = std::span(words).first(
      std::min<size_t>(range.size() / sizeof(uint64_t), words.size()));
  if (!context.memory.ReadExact(range.begin, std::as_writable_bytes(wanted)))
    return 0;
  return CountSet(wanted);
}

uint64_t CountInlineValues(const MeasureContext& context,
                           const TypeShape& shape, const ObjectView& object) {
  const auto& layout = context.layout.dict_values;
  const int64_t capacity =
      object.Get<uint8_t>(shape.basicsize + layout.capacity);
  uint64_t count = 0;
  for (int64_t i = 0; i < capacity; ++i)
    count += object.Word(shape.basicsize + layout.values + 8 * i) != 0;
  return count;
}

/// Where the attribute values of an instance are, if they are in memory of
/// their own: in 3.11 and 3.12, until a dict is made of them.
RemoteAddr ValuesElsewhere(const TypeShape& shape, const ObjectView& object) {
  if (shape.attributes == ManagedDict::k311) return object.Pointer(kValues311);
  if (shape.attributes != ManagedDict::k312) return {};
  // The low bit tells values from a dict.
  const uint64_t tagged = object.Word(kManagedDictOffset);
  return (tagged & 1) != 0 ? RemoteAddr{tagged + 1} : RemoteAddr{};
}

/// Counts the attributes that an instance keeps without a dict, or 1 for its
/// dict.
uint64_t CountAttributes(const MeasureContext& context, const TypeShape& shape,
                         const ObjectView& object, OutOfLinePart& out_of_line) {
  const uint64_t dict = object.Word(kManagedDictOffset);
  if (shape.attributes == ManagedDict::k313) {
    const bool values_count =
        shape.inline_values &&
        (dict == 0 ||
         context.layout.internal.instance_visits_embedded_values) &&
        object.Get<uint8_t>(shape.basicsize +
                            context.layout.dict_values.valid) != 0;
    return values_count ? CountInlineValues(context, shape, object) : dict != 0;
  }
  const RemoteAddr values = ValuesElsewhere(shape, object);
  if (values == RemoteAddr{}) return dict != 0;
  out_of_line.range = RangeAt(values, sizeof(uint64_t) * shape.shared_keys);
  return 0;
}

uint64_t CountItems(const MeasureContext& context, const ObjectView& object) {
  const int64_t items = object.Signed(context.layout.object.ob_size);
  return Magnitude(items);
}

bool HasDictFromEnd(const MeasureContext& context, const TypeShape& shape,
                    const ObjectView& object) {
  if (!shape.dict_from_end) return false;
  const uint64_t size = static_cast<uint64_t>(shape.basicsize) +
                        shape.item_bytes * CountItems(context, object);
  const uint64_t end = (size + 7) / 8 * 8;
  const auto word = context.memory.Read<uint64_t>(
      object.address() + end + static_cast<uint64_t>(*shape.dict_from_end));
  return word.value_or(0) != 0;
}

ObjectMeasure MeasureWords(const MeasureContext& context,
                           const TypeShape& shape, const ObjectView& object,
                           OutOfLinePart& out_of_line) {
  ObjectMeasure measure{shape.fixed_bytes, shape.fixed_references};
  if (shape.item_bytes != 0)
    measure.bytes += shape.item_bytes * CountItems(context, object);
  for (uint64_t words = shape.words; words != 0; words &= words - 1)
    measure.references += object.Word(Offset{8} * std::countr_zero(words)) != 0;
  for (const Offset offset : shape.out_of_mask_words)
    measure.references += object.Word(offset) != 0;
  if (shape.attributes != ManagedDict::kNone)
    measure.references += CountAttributes(context, shape, object, out_of_line);
  measure.references += HasDictFromEnd(context, shape, object);
  return measure;
}

}  // namespace

ObjectMeasure MeasureInLine(const MeasureContext& context,
                            const TypeShape& shape, const ObjectView& object,
                            OutOfLinePart& out_of_line) {
  ObjectMeasure measure = MeasureWords(context, shape, object, out_of_line);
  switch (shape.kind) {
    case ObjectKind::kPlain:
      break;
    case ObjectKind::kTuple:
    case ObjectKind::kStructSequence:
    case ObjectKind::kList:
    case ObjectKind::kSet:
    case ObjectKind::kDeque:
    case ObjectKind::kHamtNode:
      MeasureContainer(context, shape, object, measure);
      break;
    case ObjectKind::kDict:
    case ObjectKind::kOrderedDict:
      // A dict with attributes has two parts elsewhere. Only one is put off.
      MeasureOutOfLine(context, out_of_line, measure);
      out_of_line = {};
      MeasureDict(context, shape, object, out_of_line, measure);
      break;
    case ObjectKind::kType:
      MeasureType(context, object, measure);
      break;
    case ObjectKind::kModule:
      MeasureModule(context, object, measure);
      break;
    case ObjectKind::kFrame:
    case ObjectKind::kGenerator:
      MeasureFrame(context, shape, object, measure);
      break;
    case ObjectKind::kLong:
    case ObjectKind::kText:
    case ObjectKind::kByteArray:
      MeasureScalar(context, shape, object, measure);
      break;
    default:
      MeasureLibraryObject(context, shape, object, measure);
      break;
  }
  return measure;
}

void MeasureOutOfLine(const MeasureContext& context,
                      const OutOfLinePart& out_of_line,
                      ObjectMeasure& measure) {
  if (out_of_line.range.size() == 0) return;
  if (out_of_line.dict) {
    MeasureDictKeys(context, out_of_line, measure);
  } else {
    measure.references += CountValues(context, out_of_line.range);
  }
}

ObjectMeasure MeasureObject(const MeasureContext& context,
                            const TypeShape& shape, const ObjectView& object) {
  OutOfLinePart out_of_line;
  ObjectMeasure measure = MeasureInLine(context, shape, object, out_of_line);
  MeasureOutOfLine(context, out_of_line, measure);
  return measure;
}

}  // namespace leak_exporter::cpython
