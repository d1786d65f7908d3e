#include <cstdint>
#include <optional>
#include <string>

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
    if (usage.bytes) bytes = bytes.value_or(0) + *usage.bytes;
  }
};

void AddPythonTypes(const PythonTypeTable& types, MetricId objects,
                    MetricId bytes, const TargetSink& out) {
  SumByLabel<TypeSum> sums;
  for (const PythonTypeUsage& usage : types.largest) {
    sums[RepairUtf8(usage.name)].Add(usage);
  }
  if (types.other) sums[std::string(kOther)].Add(*types.other);
  out.families.Reserve(objects, sums.entries().size());
  out.families.Reserve(bytes, sums.entries().size());
  for (const auto& [name, sum] : sums.entries()) {
    out.families.Add(objects, {out.target, name}, sum.objects);
    out.families.Add(bytes, {out.target, name}, sum.bytes);
  }
  if (sums.entries().empty()) return;
  AddDropped(objects, types.withheld, out);
  AddDropped(bytes, types.withheld, out);
}

}  // namespace

void AddPythonHeap(const PythonHeapSnapshot& heap, const TargetSink& out) {
  if (heap.processes.empty()) return;
  for (const PythonProcess& process : heap.processes) {
    out.families.Add(
        kPythonInfo,
        {out.target, PidLabel(process.pid), RepairUtf8(process.version)}, 1);
  }
  AddPythonTypes(heap.types, kPythonObjects, kPythonObjectBytes, out);
  AddPythonTypes(heap.untracked, kPythonUntrackedObjects,
                 kPythonUntrackedObjectBytes, out);
  for (const PythonGenerationStats& stats : heap.generations) {
    out.families.Add(kPythonGcCollectionsTotal, {out.target, stats.generation},
                     stats.collections);
    out.families.Add(kPythonGcCollectedObjectsTotal,
                     {out.target, stats.generation}, stats.collected);
    out.families.Add(kPythonGcUncollectableObjectsTotal,
                     {out.target, stats.generation}, stats.uncollectable);
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
