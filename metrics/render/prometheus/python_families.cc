#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

void AddPythonTypes(std::string_view scope,
                    const LimitedRows<PythonTypeUsage>& types, MetricId objects,
                    MetricId bytes, const TargetSink& out) {
  SumByLabel<TypeSum> sums;
  types.ForEach([&](const PythonTypeUsage& usage) {
    sums[RepairUtf8(usage.name)].Add(usage);
  });
  out.families.Reserve(objects, sums.entries().size());
  out.families.Reserve(bytes, sums.entries().size());
  for (const auto& [name, sum] : sums.entries()) {
    out.families.Add(objects, {out.target, scope, name}, sum.objects);
    out.families.Add(bytes, {out.target, scope, name}, sum.bytes);
  }
}

void AddDroppedTypes(const ByScope<LimitedRows<PythonTypeUsage>>& types,
                     MetricId objects, MetricId bytes, const TargetSink& out) {
  if (types.main.empty() && types.children.empty()) return;
  const size_t dropped = types.main.dropped + types.children.dropped;
  AddDropped(objects, dropped, out);
  AddDropped(bytes, dropped, out);
}

void AddGenerations(std::string_view scope, const PythonHeapSums& sums,
                    const TargetSink& out) {
  for (size_t i = 0; i < sums.generations.size(); ++i) {
    const std::string generation = std::to_string(i);
    const PythonGenerationStats& stats = sums.generations[i];
    out.families.Add(kPythonGcCollectionsTotal, {out.target, scope, generation},
                     stats.collections);
    out.families.Add(kPythonGcCollectedObjectsTotal,
                     {out.target, scope, generation}, stats.collected);
    out.families.Add(kPythonGcUncollectableObjectsTotal,
                     {out.target, scope, generation}, stats.uncollectable);
  }
  for (size_t i = 0; i < sums.gc_counts.size(); ++i) {
    out.families.Add(kPythonGcPending, {out.target, scope, std::to_string(i)},
                     sums.gc_counts[i]);
  }
}

void AddSums(std::string_view scope, const std::optional<PythonHeapSums>& sums,
             const TargetSink& out) {
  if (!sums) return;
  AddGenerations(scope, *sums, out);
  out.families.Add(kPythonArenaBytes, {out.target, scope}, sums->arena_bytes);
  out.families.Add(kPythonArenaUsedBytes, {out.target, scope},
                   sums->arena_used_bytes);
  out.families.Add(kPythonPermanentObjects, {out.target, scope},
                   sums->permanent_objects);
  out.families.Add(kPythonModules, {out.target, scope}, sums->modules);
  out.families.Add(kPythonWalkDurationSeconds, {out.target, scope},
                   sums->walk_duration_seconds);
  out.families.Add(kPythonWalkComplete, {out.target, scope},
                   sums->walk_complete);
}

void AddCensus(std::string_view scope, const PythonCensus& census,
               const TargetSink& out) {
  if (census.interpreters == 0) return;
  out.families.Add(kPythonInterpreters, {out.target, scope},
                   census.interpreters);
  out.families.Add(kPythonProcessesUnread, {out.target, scope}, census.unread);
  out.families.Add(kPythonOldestWalkTimestampSeconds, {out.target, scope},
                   census.oldest_walk);
}

void AddProcesses(const std::vector<PythonProcessUsage>& all,
                  const LimitedRows<PythonProcessUsage>& most,
                  const TargetSink& out) {
  const auto add_info = [&out](const PythonProcessUsage& process) {
    out.families.Add(
        kPythonInfo,
        {out.target, PidLabel(process.pid), RepairUtf8(process.version)}, 1);
  };
  for (const PythonProcessUsage& process : all) {
    if (process.is_main) add_info(process);
  }
  most.ForEach([&](const PythonProcessUsage& process) {
    const std::string_view scope = process.is_main ? "main" : "children";
    if (!process.is_main) add_info(process);
    out.families.Add(kPythonProcessObjects,
                     {out.target, scope, PidLabel(process.pid)},
                     process.objects);
    out.families.Add(kPythonProcessObjectBytes,
                     {out.target, scope, PidLabel(process.pid)}, process.bytes);
  });
  if (all.empty()) return;
  AddDropped(kPythonProcessObjects, most, out);
  AddDropped(kPythonProcessObjectBytes, most, out);
}

}  // namespace

void AddPart(const PythonHeapSnapshot& heap, const LimitedLists& lists,
             const TargetSink& out) {
  AddCensus("main", heap.census.main, out);
  AddCensus("children", heap.census.children, out);
  AddProcesses(heap.usage, lists.python_processes, out);
  const auto& types = lists.python_types;
  AddPythonTypes("main", types.main, kPythonObjects, kPythonObjectBytes, out);
  AddPythonTypes("children", types.children, kPythonObjects, kPythonObjectBytes,
                 out);
  AddDroppedTypes(types, kPythonObjects, kPythonObjectBytes, out);
  const auto& untracked = lists.python_untracked;
  AddPythonTypes("main", untracked.main, kPythonUntrackedObjects,
                 kPythonUntrackedObjectBytes, out);
  AddPythonTypes("children", untracked.children, kPythonUntrackedObjects,
                 kPythonUntrackedObjectBytes, out);
  AddDroppedTypes(untracked, kPythonUntrackedObjects,
                  kPythonUntrackedObjectBytes, out);
  AddSums("main", heap.sums.main, out);
  AddSums("children", heap.sums.children, out);
}

}  // namespace leak_exporter::render
