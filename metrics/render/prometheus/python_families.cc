#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "metrics/base/accumulate.h"
#include "metrics/base/utf8.h"
#include "metrics/render/prometheus/sum_by_label.h"
#include "metrics/render/prometheus/target_sink.h"

namespace leak_exporter::render {
namespace {

using enum MetricId;

/// The types of one label value.
struct TypeSum {
  uint64_t objects = 0;
  std::optional<uint64_t> bytes;

  void Add(const PythonTypeUsage& usage) {
    objects += usage.objects;
    AddTo(usage.bytes, bytes);
  }
};

void AddPythonTypes(const LimitedRows<PythonTypeUsage>& types, MetricId objects,
                    MetricId bytes, const TargetSink& out) {
  SumByLabel<TypeSum> sums;
  types.ForEach([&](const PythonTypeUsage& usage) {
    sums[RepairUtf8(usage.name)].Add(usage);
  });
  out.families.Reserve(objects, sums.entries().size());
  out.families.Reserve(bytes, sums.entries().size());
  for (const auto& [name, sum] : sums.entries()) {
    out.families.Add(objects, {out.target, name}, sum.objects);
    out.families.Add(bytes, {out.target, name}, sum.bytes);
  }
  if (types.empty()) return;
  AddDropped(objects, types, out);
  AddDropped(bytes, types, out);
}

}  // namespace

void AddPart(const PythonHeapSnapshot& heap, const LimitedLists& lists,
             const TargetSink& out) {
  if (heap.processes.empty()) return;
  for (const PythonProcess& process : heap.processes) {
    out.families.Add(
        kPythonInfo,
        {out.target, PidLabel(process.pid), RepairUtf8(process.version)}, 1);
  }
  AddPythonTypes(lists.python_types, kPythonObjects, kPythonObjectBytes, out);
  AddPythonTypes(lists.python_untracked, kPythonUntrackedObjects,
                 kPythonUntrackedObjectBytes, out);
  for (size_t i = 0; i < heap.generations.size(); ++i) {
    const std::string generation = std::to_string(i);
    const PythonGenerationStats& stats = heap.generations[i];
    out.families.Add(kPythonGcCollectionsTotal, {out.target, generation},
                     stats.collections);
    out.families.Add(kPythonGcCollectedObjectsTotal, {out.target, generation},
                     stats.collected);
    out.families.Add(kPythonGcUncollectableObjectsTotal,
                     {out.target, generation}, stats.uncollectable);
  }
  out.families.Add(kPythonArenaBytes, {out.target}, heap.arena_bytes);
  out.families.Add(kPythonArenaUsedBytes, {out.target}, heap.arena_used_bytes);
  for (size_t i = 0; i < heap.gc_counts.size(); ++i) {
    out.families.Add(kPythonGcPending, {out.target, std::to_string(i)},
                     heap.gc_counts[i]);
  }
  out.families.Add(kPythonPermanentObjects, {out.target},
                   heap.permanent_objects);
  out.families.Add(kPythonModules, {out.target}, heap.modules);
  out.families.Add(kPythonWalkDurationSeconds, {out.target},
                   heap.walk_duration_seconds);
  out.families.Add(kPythonWalkComplete, {out.target}, heap.walk_complete);
}

}  // namespace leak_exporter::render
