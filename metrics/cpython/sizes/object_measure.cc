#include "metrics/cpython/sizes/object_measure.h"

#include <algorithm>
#include <array>
#include <bit>
#include <span>

namespace leak_exporter::cpython {
namespace {

/// 3.11: where the values and the dict of an instance are, before it.
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

uint64_t CountInlineValues(const MeasureContext& context, const TypeShape& plan,
                           const ObjectView& object) {
  const auto& layout = context.layout.dict_values;
  const int64_t capacity =
      object.Get<uint8_t>(plan.basicsize + layout.capacity);
  uint64_t count = 0;
  for (int64_t i = 0; i < capacity; ++i)
    count += object.Word(plan.basicsize + layout.values + 8 * i) != 0;
  return count;
}

/// Where an instance's attribute values are, if in memory of their own: in 3.11
/// and 3.12, until a dict is made of them.
RemoteAddr ValuesElsewhere(const TypeShape& plan, const ObjectView& object) {
  if (plan.attributes == ManagedDict::k311) return object.Pointer(kValues311);
  if (plan.attributes != ManagedDict::k312) return {};
  // The low bit tells values from a dict.
  const uint64_t tagged = object.Word(kManagedDictOffset);
  return (tagged & 1) != 0 ? RemoteAddr{tagged + 1} : RemoteAddr{};
}

/// The attributes that an instance keeps without a dict, or 1 for its dict.
uint64_t CountAttributes(const MeasureContext& context, const TypeShape& plan,
                         const ObjectView& object, OutOfLinePart& far) {
  const uint64_t dict = object.Word(kManagedDictOffset);
  if (plan.attributes == ManagedDict::k313) {
    const bool values_count =
        plan.inline_values &&
        (dict == 0 ||
         context.layout.internal.instance_visits_embedded_values) &&
        object.Get<uint8_t>(plan.basicsize +
                            context.layout.dict_values.valid) != 0;
    return values_count ? CountInlineValues(context, plan, object) : dict != 0;
  }
  const RemoteAddr values = ValuesElsewhere(plan, object);
  if (values == RemoteAddr{}) return dict != 0;
  far.range = RangeAt(values, sizeof(uint64_t) * plan.shared_keys);
  return 0;
}

uint64_t CountItems(const MeasureContext& context, const ObjectView& object) {
  const int64_t items = object.Signed(context.layout.object.ob_size);
  return Magnitude(items);
}

bool HasDictFromEnd(const MeasureContext& context, const TypeShape& plan,
                    const ObjectView& object) {
  if (!plan.dict_from_end) return false;
  const uint64_t size = static_cast<uint64_t>(plan.basicsize) +
                        plan.item_bytes * CountItems(context, object);
  const uint64_t end = (size + 7) / 8 * 8;
  const auto word = context.memory.Read<uint64_t>(
      object.address() + end + static_cast<uint64_t>(*plan.dict_from_end));
  return word.value_or(0) != 0;
}

ObjectMeasure MeasureWords(const MeasureContext& context, const TypeShape& plan,
                           const ObjectView& object, OutOfLinePart& far) {
  ObjectMeasure measure{plan.fixed_bytes, plan.fixed_references};
  if (plan.item_bytes != 0)
    measure.bytes += plan.item_bytes * CountItems(context, object);
  for (uint64_t words = plan.words; words != 0; words &= words - 1)
    measure.references += object.Word(8 * std::countr_zero(words)) != 0;
  for (const Offset offset : plan.far_words)
    measure.references += object.Word(offset) != 0;
  if (plan.attributes != ManagedDict::kNone)
    measure.references += CountAttributes(context, plan, object, far);
  measure.references += HasDictFromEnd(context, plan, object);
  return measure;
}

}  // namespace

ObjectMeasure MeasureNear(const MeasureContext& context, const TypeShape& plan,
                          const ObjectView& object, OutOfLinePart& far) {
  ObjectMeasure measure = MeasureWords(context, plan, object, far);
  switch (plan.kind) {
    case ObjectKind::kPlain:
      break;
    case ObjectKind::kTuple:
    case ObjectKind::kStructSequence:
    case ObjectKind::kList:
    case ObjectKind::kSet:
    case ObjectKind::kDeque:
    case ObjectKind::kHamtNode:
      MeasureContainer(context, plan, object, measure);
      break;
    case ObjectKind::kDict:
    case ObjectKind::kOrderedDict:
      // A dict with attributes: one far part is enough to put off.
      MeasureFar(context, far, measure);
      far = {};
      MeasureDict(context, plan, object, far, measure);
      break;
    case ObjectKind::kType:
      MeasureType(context, object, measure);
      break;
    case ObjectKind::kModule:
      MeasureModule(context, object, measure);
      break;
    case ObjectKind::kFrame:
    case ObjectKind::kGenerator:
      MeasureFrame(context, plan, object, measure);
      break;
    case ObjectKind::kLong:
    case ObjectKind::kText:
    case ObjectKind::kByteArray:
      MeasureScalar(context, plan, object, measure);
      break;
    default:
      MeasureLibraryObject(context, plan, object, measure);
      break;
  }
  return measure;
}

void MeasureFar(const MeasureContext& context, const OutOfLinePart& far,
                ObjectMeasure& measure) {
  if (far.range.size() == 0) return;
  if (far.dict) {
    MeasureDictKeys(context, far, measure);
  } else {
    measure.references += CountValues(context, far.range);
  }
}

ObjectMeasure MeasureObject(const MeasureContext& context,
                            const TypeShape& plan, const ObjectView& object) {
  OutOfLinePart far;
  ObjectMeasure measure = MeasureNear(context, plan, object, far);
  MeasureFar(context, far, measure);
  return measure;
}

}  // namespace leak_exporter::cpython
