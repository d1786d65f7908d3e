#include <algorithm>

#include "metrics/cpython/sizes/object_measure.h"

namespace leak_exporter::cpython {
namespace {

constexpr uint64_t kWordBytes = 8;
/// The header of a bytes object and its NUL.
constexpr uint64_t kBytesOverhead = 33;
/// How many codes of a struct format are read.
constexpr uint64_t kMaxCodes = 1 << 16;

void MeasureLruCache(const MeasureContext& context, const ObjectView& object,
                     ObjectMeasure& measure) {
  const auto& layout = context.layout.internal.lru_cache;
  // Only a bounded cache has a list; each of its links is in the cache's dict.
  if (object.Pointer(layout.root_next) == object.address()) return;
  const auto links = context.memory.Read<uint64_t>(
      object.Pointer(layout.cache) + context.layout.dict.ma_used);
  measure.references += layout.link_references * links.value_or(0);
}

void MeasureTeeData(const MeasureContext& context, const ObjectView& object,
                    ObjectMeasure& measure) {
  const auto& layout = context.layout.internal.tee_data;
  const int64_t read = object.Get<int32_t>(layout.numread);
  measure.references +=
      static_cast<uint64_t>(std::clamp<int64_t>(read, 0, layout.capacity));
}

void MeasureElement(const MeasureContext& context, const ObjectView& object,
                    ObjectMeasure& measure) {
  const auto& layout = context.layout.internal.element;
  const RemoteAddr extra = object.Pointer(layout.extra);
  if (extra == RemoteAddr{}) return;
  const auto word = [&](Offset offset) {
    return context.memory.Read<uint64_t>(extra + offset).value_or(0);
  };
  measure.references += (word(0) != 0) + word(layout.extra_length);
  measure.bytes += layout.extra_bytes;
  if (word(layout.extra_children) != Value(extra + layout.extra_own_children))
    measure.bytes += kWordBytes * word(layout.extra_allocated);
}

/// BytesIO counts its buffer only while nobody else holds it.
void MeasureBytesIo(const MeasureContext& context, const ObjectView& object,
                    ObjectMeasure& measure) {
  const auto& layout = context.layout.internal.bytes_io;
  const RemoteAddr buf = object.Pointer(layout.buf);
  if (buf == RemoteAddr{}) return;
  if (layout.buf_size != kAbsent) {
    measure.bytes += object.Word(layout.buf_size);
    return;
  }
  const auto references =
      context.memory.Read<uint32_t>(buf + context.layout.object.ob_refcnt);
  const auto size =
      context.memory.Read<uint64_t>(buf + context.layout.object.ob_size);
  if (references == 1U && size) measure.bytes += kBytesOverhead + *size;
}

void MeasureStruct(const MeasureContext& context, const ObjectView& object,
                   ObjectMeasure& measure) {
  const auto& layout = context.layout.internal.struct_object;
  const RemoteAddr codes = object.Pointer(layout.s_codes);
  if (codes == RemoteAddr{}) return;
  uint64_t count = 0;
  while (count < kMaxCodes &&
         context.memory.Read<uint64_t>(codes + layout.code_bytes * count)
                 .value_or(0) != 0)
    ++count;
  measure.bytes += layout.code_bytes * (count + 1);
}

void MeasureArray(const MeasureContext& context, const ObjectView& object,
                  ObjectMeasure& measure) {
  const auto& layout = context.layout.internal.array;
  const auto item_bytes = context.memory.Read<uint32_t>(
      object.Pointer(layout.ob_descr) + layout.descr_itemsize);
  measure.bytes += object.Word(layout.allocated) * item_bytes.value_or(0);
}

/// array_sizeof: dimensions and strides, and the items where the array owns
/// them. Such an array has no gaps between its items, so the largest stride
/// times its dimension is their size.
void MeasureNdArray(const MeasureContext& context, const ObjectView& object,
                    ObjectMeasure& measure) {
  constexpr uint64_t kMaxDimensions = 64;
  constexpr uint32_t kOwnData = 4;
  const auto& layout = context.layout.internal.nd_array;
  const uint64_t dimensions =
      std::min<uint64_t>(object.Get<uint32_t>(layout.nd), kMaxDimensions);
  measure.bytes += 2 * kWordBytes * dimensions;
  if ((object.Get<uint32_t>(layout.flags) & kOwnData) == 0) return;
  uint64_t items = 0;
  for (uint64_t i = 0; i < dimensions; ++i) {
    const auto extent = context.memory.Read<int64_t>(
        object.Pointer(layout.dimensions) + kWordBytes * i);
    const auto stride = context.memory.Read<int64_t>(
        object.Pointer(layout.strides) + kWordBytes * i);
    if (!extent || !stride || *extent <= 0) return;
    items =
        std::max(items, static_cast<uint64_t>(*extent) * Magnitude(*stride));
  }
  measure.bytes += items;
}

/// Such an iterator has one index for each pool, or for each element of the
/// pool or of the result.
void MeasureCombinations(const MeasureContext& context, const TypeShape& shape,
                         const ObjectView& object, ObjectMeasure& measure) {
  const auto& layout = context.layout.internal.combinations;
  if (!layout.sized) return;
  if (shape.kind != ObjectKind::kCombinations) {
    const auto pools = context.memory.Read<uint64_t>(
        object.Pointer(layout.pools) + context.layout.object.ob_size);
    measure.bytes += kWordBytes * pools.value_or(0);
  }
  if (shape.kind == ObjectKind::kCombinations)
    measure.bytes += kWordBytes * object.Word(layout.r);
  if (shape.kind == ObjectKind::kPermutations)
    measure.bytes += kWordBytes * object.Word(layout.permutations_r);
}

}  // namespace

void MeasureLibraryObject(const MeasureContext& context, const TypeShape& shape,
                          const ObjectView& object, ObjectMeasure& measure) {
  const InternalLayout& layout = context.layout.internal;
  switch (shape.kind) {
    case ObjectKind::kLruCache:
      return MeasureLruCache(context, object, measure);
    case ObjectKind::kTeeData:
      return MeasureTeeData(context, object, measure);
    case ObjectKind::kElement:
      return MeasureElement(context, object, measure);
    case ObjectKind::kSimpleQueue:
      // Before 3.13 the items are in a list of their own.
      if (layout.simple_queue.num_items != kAbsent)
        measure.references += object.Word(layout.simple_queue.num_items);
      if (layout.simple_queue.items_cap != kAbsent)
        measure.bytes +=
            kWordBytes * object.Word(layout.simple_queue.items_cap);
      return;
    case ObjectKind::kBuffered:
      if (object.Word(layout.buffered.buffer) != 0)
        measure.bytes += object.Word(layout.buffered.buffer_size);
      return;
    case ObjectKind::kBytesIo:
      return MeasureBytesIo(context, object, measure);
    case ObjectKind::kStruct:
      return MeasureStruct(context, object, measure);
    case ObjectKind::kDecimal:
      if (object.Pointer(layout.decimal.data) !=
          object.address() + layout.decimal.own_data)
        measure.bytes += kWordBytes * object.Word(layout.decimal.alloc);
      return;
    case ObjectKind::kNdArray:
      return MeasureNdArray(context, object, measure);
    case ObjectKind::kArray:
      return MeasureArray(context, object, measure);
    case ObjectKind::kProduct:
    case ObjectKind::kCombinations:
    case ObjectKind::kPermutations:
      return MeasureCombinations(context, shape, object, measure);
    default:
      return;
  }
}

}  // namespace leak_exporter::cpython
