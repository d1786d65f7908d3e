#include "metrics/collectors/collectors.h"

#include <utility>

#include "metrics/collectors/disk_usage.h"
#include "metrics/collectors/mappings.h"
#include "metrics/collectors/memory.h"
#include "metrics/collectors/open_files.h"
#include "metrics/collectors/process_tree.h"
#include "metrics/collectors/proportional_memory.h"
#include "metrics/collectors/python_heap.h"
#include "metrics/procfs/memory_limit.h"

namespace leak_exporter {
namespace {

template <typename Kind, typename... Arguments>
std::unique_ptr<Collector> MakeIf(bool enabled, const Arguments&... arguments) {
  if (!enabled) return nullptr;
  return std::make_unique<Kind>(arguments...);
}

/// Null where it is not enabled.
std::unique_ptr<Collector> MakeCollector(
    CollectorId id, const config::CollectorsConfig& config,
    const std::shared_ptr<DirectoryLooks>& looks,
    const std::shared_ptr<WalkBudget>& budget) {
  switch (id) {
    case CollectorId::kTargets:
      // Not a collector: the processes are what collectors are given.
      return nullptr;
    case CollectorId::kProcessTree:
      return MakeIf<ProcessTreeCollector>(config.process_tree.enabled);
    case CollectorId::kMemory:
      return MakeIf<MemoryCollector>(config.memory.enabled,
                                     procfs::PhysicalMemoryBytes());
    case CollectorId::kMappings:
      return MakeIf<MappingsCollector>(config.mappings.enabled,
                                       config.mappings);
    case CollectorId::kOpenFiles:
      return MakeIf<OpenFilesCollector>(config.open_files.enabled);
    case CollectorId::kSmaps:
      return MakeIf<ProportionalMemoryCollector>(
          config.memory.enabled && config.memory.smaps, config.memory);
    case CollectorId::kDiskUsage:
      return MakeIf<DiskUsageCollector>(config.disk_usage.enabled,
                                        config.disk_usage, looks);
    case CollectorId::kPythonHeap:
      return MakeIf<PythonHeapCollector>(config.python_heap.enabled,
                                         config.python_heap, budget);
  }
  return nullptr;
}

}  // namespace

std::vector<std::unique_ptr<Collector>> MakeCollectors(
    const config::CollectorsConfig& config,
    const std::shared_ptr<DirectoryLooks>& looks,
    const std::shared_ptr<WalkBudget>& budget) {
  std::vector<std::unique_ptr<Collector>> collectors;
  for (const CollectorId id : kValuesOf<CollectorId>) {
    if (auto collector = MakeCollector(id, config, looks, budget)) {
      collectors.push_back(std::move(collector));
    }
  }
  return collectors;
}

}  // namespace leak_exporter
