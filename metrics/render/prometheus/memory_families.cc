#include <cstdint>
#include <optional>
#include <string_view>

#include "metrics/base/utf8.h"
#include "metrics/render/prometheus/sum_by_label.h"
#include "metrics/render/prometheus/target_sink.h"

namespace leak_exporter::render {
namespace {

using enum MetricId;

void AddMemoryUsage(std::string_view scope, const MemoryUsage& usage,
                    const TargetSink& out) {
  out.families.Add(kThreads, {out.target, scope}, usage.threads);
  out.families.Add(kResidentMemoryBytes, {out.target, scope},
                   usage.resident_bytes);
  out.families.Add(kAnonymousMemoryBytes, {out.target, scope},
                   usage.anonymous_bytes);
  out.families.Add(kFileMemoryBytes, {out.target, scope}, usage.file_bytes);
  out.families.Add(kSharedMemoryBytes, {out.target, scope}, usage.shared_bytes);
  out.families.Add(kSwapBytes, {out.target, scope}, usage.swap_bytes);
}

void AddProportional(std::string_view scope, const ProportionalMemory& usage,
                     const TargetSink& out) {
  out.families.Add(kProportionalMemoryBytes, {out.target, scope},
                   usage.proportional_bytes);
  out.families.Add(kUniqueMemoryBytes, {out.target, scope}, usage.unique_bytes);
}

void AddMappingCount(std::string_view scope,
                     const std::optional<uint64_t>& count,
                     const std::optional<uint64_t>& limit,
                     const TargetSink& out) {
  if (!count) return;
  out.families.Add(kMappings, {out.target, scope}, count);
  out.families.Add(kMappingsLimit, {out.target, scope}, limit);
}

}  // namespace

void AddPart(const MemorySnapshot& memory, const LimitedLists&,
             const TargetSink& out) {
  AddMemoryUsage("main", memory.usage.main, out);
  AddMemoryUsage("children", memory.usage.children, out);
  out.families.Add(kResidentMemoryPeakBytes, {out.target},
                   memory.peak_resident_bytes);
  out.families.Add(kMemoryLimitBytes, {out.target}, memory.limit_bytes);
  out.families.Add(kMemoryLimitRatio, {out.target}, memory.limit_ratio);
  out.families.Add(kCgroupMemoryLimitRatio, {out.target},
                   memory.cgroup_limit_ratio);
}

void AddPart(const ProportionalMemorySnapshot& memory, const LimitedLists&,
             const TargetSink& out) {
  AddProportional("main", memory.usage.main, out);
  AddProportional("children", memory.usage.children, out);
}

void AddPart(const MappingsSnapshot& mappings, const LimitedLists& lists,
             const TargetSink& out) {
  AddMappingCount("main", mappings.count.main, mappings.limit, out);
  AddMappingCount("children", mappings.count.children, mappings.limit, out);
  SumByLabel<uint64_t> sums;
  lists.mappings.ForEach([&](const NamedBytes& mapping) {
    sums[RepairUtf8(mapping.name)] += mapping.bytes;
  });
  for (const auto& [name, bytes] : sums.entries()) {
    out.families.Add(kMappingBytes, {out.target, name}, bytes);
  }
  out.families.Add(kAnonymousMappings, {out.target}, mappings.anonymous_count);
  AddDropped(kMappingBytes, lists.mappings, out);
}

}  // namespace leak_exporter::render
