#include <algorithm>

#include "metrics/cpython/sizes/object_measure.h"

namespace leak_exporter::cpython {
namespace {

constexpr uint64_t kWordBytes = 8;
/// sizeof(setentry)
constexpr uint64_t kSetEntryBytes = 16;
/// A node of a hamt has at most twice 32 items.
constexpr int64_t kMaxHamtItems = 64;

uint64_t NonNegative(int64_t number) {
  return static_cast<uint64_t>(std::max<int64_t>(number, 0));
}

/// Counts fields that are not NULL. The tp_traverse of such an object goes
/// through hidden fields too.
uint64_t CountFields(const ObjectView& object, int64_t first, uint64_t fields) {
  uint64_t count = 0;
  for (uint64_t i = 0; i < fields; ++i)
    count += object.Word(first + static_cast<int64_t>(kWordBytes * i)) != 0;
  return count;
}

void MeasureSet(const Layout& layout, const ObjectView& object,
                ObjectMeasure& measure) {
  const uint64_t used = object.Word(layout.set.used);
  const uint64_t mask = object.Word(layout.set.mask);
  // A freed set looks like a set until it is overwritten. A table whose size
  // cannot be, or that cannot hold so many entries, does not belong to it.
  if (used > mask || (mask & (mask + 1)) != 0) return;
  measure.references += used;
  if (object.Pointer(layout.set.table) !=
      object.address() + layout.set.smalltable) {
    measure.bytes += kSetEntryBytes * (mask + 1);
  }
}

void MeasureList(const Layout& layout, const ObjectView& object,
                 ObjectMeasure& measure) {
  const uint64_t items = NonNegative(object.Signed(layout.object.ob_size));
  const uint64_t allocated = NonNegative(object.Signed(layout.list.allocated));
  // As for sets: a list does not hold more than it has room for.
  if (items > allocated) return;
  measure.references += items;
  measure.bytes += kWordBytes * allocated;
}

void MeasureDeque(const InternalLayout::Deque& layout, const ObjectView& object,
                  ObjectMeasure& measure) {
  const uint64_t items = NonNegative(object.Signed(layout.len));
  measure.references += items;
  const uint64_t blocks =
      (object.Word(layout.leftindex) + items + layout.block_items - 1) /
      layout.block_items;
  measure.bytes += layout.block_bytes * blocks;
}

}  // namespace

void MeasureContainer(const MeasureContext& context, const TypeShape& shape,
                      const ObjectView& object, ObjectMeasure& measure) {
  const Layout& layout = context.layout;
  const uint64_t items = NonNegative(object.Signed(layout.object.ob_size));
  switch (shape.kind) {
    case ObjectKind::kTuple:
      measure.references += items;
      break;
    case ObjectKind::kList:
      MeasureList(layout, object, measure);
      break;
    case ObjectKind::kStructSequence:
      measure.references +=
          CountFields(object, layout.tuple.ob_item, shape.real_fields);
      break;
    case ObjectKind::kHamtNode:
      measure.references += CountFields(
          object, shape.basicsize,
          std::min<uint64_t>(items, static_cast<uint64_t>(kMaxHamtItems)));
      break;
    case ObjectKind::kSet:
      MeasureSet(layout, object, measure);
      break;
    case ObjectKind::kDeque:
      MeasureDeque(context.layout.internal.deque, object, measure);
      break;
    default:
      break;
  }
}

}  // namespace leak_exporter::cpython
