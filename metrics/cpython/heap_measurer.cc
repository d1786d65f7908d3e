#include "metrics/cpython/heap_measurer.h"

#include <algorithm>
#include <span>

#include "metrics/cpython/dict.h"

namespace leak_exporter::cpython {
namespace {

/// So many are read at once: what bounds the buffer behind NearMemory.
constexpr size_t kBatch = 4096;

}  // namespace

HeapMeasurer::HeapMeasurer(TypeTable& types, size_t top)
    : types_(types),
      private_layout_(FindPrivateLayout(types.layout().version)),
      memory_(types.memory()),
      plans_(types, memory_),
      context_{types.layout(), private_layout_, memory_, {}},
      by_bytes_(top),
      by_references_(top) {}

void HeapMeasurer::Visit(const HeapBlock& block, TypeTable& types) {
  memory_.Enter(block.begin, block.bytes);
  if (context_.general_lookup == RemoteAddr{} && !block.objects.empty())
    context_.general_lookup =
        FindGeneralLookup(types, block.objects.front().type);
  usage_.resize(types.size());
  deferred_.clear();
  for (const ObjectRef& object : block.objects) {
    const ObjectPlan& plan = plans_[object.type];
    const ObjectView view(block.AddressOf(object), block.bytes, object.offset);
    const MemoryRange range = FarRange(plan, view);
    if (range.size != 0 && block.Find(range.begin, range.size).empty()) {
      deferred_.push_back({range, object});
    } else {
      Measure(block, object, plan);
    }
  }
  MeasureDeferred(block);
  memory_.Leave();
}

MemoryRange HeapMeasurer::FarRange(const ObjectPlan& plan,
                                   const ObjectView& object) const {
  const Layout& layout = context_.layout;
  if (plan.kind == ObjectKind::kDict || plan.kind == ObjectKind::kOrderedDict) {
    if (layout.dict_scheme == DictScheme::kOpenTable) return {};
    return {object.Pointer(layout.dict.ma_keys), DictKeys::kHeaderBytes};
  }
  const RemoteAddr values = ValuesElsewhere(plan, object);
  if (values == RemoteAddr{}) return {};
  return {values, sizeof(uint64_t) * plan.shared_keys};
}

void HeapMeasurer::Measure(const HeapBlock& block, const ObjectRef& object,
                           const ObjectPlan& plan) {
  const RemoteAddr address = block.AddressOf(object);
  const ObjectMeasure measure = MeasureObject(
      context_, plan, ObjectView(address, block.bytes, object.offset));
  TypeUsage& usage = usage_[object.type];
  ++usage.objects;
  usage.bytes += measure.bytes;
  by_bytes_.Add(measure.bytes, address, object.type);
  if (plan.references_known) {
    usage.references += measure.references;
    by_references_.Add(measure.references, address, object.type);
  } else {
    usage.references_known = false;
  }
}

void HeapMeasurer::MeasureDeferred(const HeapBlock& block) {
  std::sort(deferred_.begin(), deferred_.end(),
            [](const Deferred& a, const Deferred& b) {
              return a.range.begin < b.range.begin;
            });
  for (size_t begin = 0; begin < deferred_.size(); begin += kBatch) {
    const std::span<const Deferred> batch = std::span(deferred_).subspan(
        begin, std::min(kBatch, deferred_.size() - begin));
    ranges_.clear();
    for (const Deferred& deferred : batch) ranges_.push_back(deferred.range);
    memory_.Prefetch(ranges_);
    for (const Deferred& deferred : batch)
      Measure(block, deferred.object, plans_[deferred.object.type]);
  }
}

}  // namespace leak_exporter::cpython
