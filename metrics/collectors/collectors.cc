#include "metrics/collectors/collectors.h"

#include "metrics/collectors/disk_usage.h"
#include "metrics/collectors/mappings.h"
#include "metrics/collectors/memory.h"
#include "metrics/collectors/open_files.h"
#include "metrics/collectors/process_tree.h"
#include "metrics/collectors/proportional_memory.h"
#include "metrics/collectors/python_heap.h"
#include "metrics/procfs/memory_limit.h"

namespace leak_exporter {

std::vector<std::unique_ptr<Collector>> MakeCollectors(
    const config::CollectorsConfig& config) {
  std::vector<std::unique_ptr<Collector>> collectors;
  if (config.process_tree.enabled) {
    collectors.push_back(
        std::make_unique<ProcessTreeCollector>(config.process_tree));
  }
  if (config.memory.enabled) {
    collectors.push_back(
        std::make_unique<MemoryCollector>(procfs::PhysicalMemoryBytes()));
  }
  if (config.mappings.enabled) {
    collectors.push_back(std::make_unique<MappingsCollector>(config.mappings));
  }
  if (config.open_files.enabled) {
    collectors.push_back(std::make_unique<OpenFilesCollector>());
  }
  if (config.memory.enabled && config.memory.smaps) {
    collectors.push_back(
        std::make_unique<ProportionalMemoryCollector>(config.memory));
  }
  if (config.disk_usage.enabled) {
    collectors.push_back(
        std::make_unique<DiskUsageCollector>(config.disk_usage));
  }
  if (config.python_heap.enabled) {
    collectors.push_back(
        std::make_unique<PythonHeapCollector>(config.python_heap));
  }
  return collectors;
}

}  // namespace leak_exporter
