#include "metrics/render/debug/block_collectors.h"

#include <algorithm>

namespace leak_exporter::render {

std::optional<DebugBlock> BlockOf(CollectorId collector) {
  switch (collector) {
    case CollectorId::kProcessTree:
      return DebugBlock::kPid;
    case CollectorId::kMappings:
      return DebugBlock::kMapping;
    case CollectorId::kOpenFiles:
    case CollectorId::kDiskUsage:
      return DebugBlock::kDisk;
    case CollectorId::kPythonHeap:
      return DebugBlock::kMemory;
    case CollectorId::kTargets:
    case CollectorId::kMemory:
    case CollectorId::kSmaps:
      return std::nullopt;
  }
  return std::nullopt;
}

std::vector<CollectorId> CollectorsOf(std::span<const DebugBlock> blocks) {
  std::vector<CollectorId> collectors;
  for (const CollectorId collector : kValuesOf<CollectorId>) {
    const auto block = BlockOf(collector);
    if (block && std::ranges::find(blocks, *block) != blocks.end()) {
      collectors.push_back(collector);
    }
  }
  return collectors;
}

}  // namespace leak_exporter::render
