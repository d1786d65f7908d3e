#include "exporter/debug/block_collectors.h"

namespace leak_exporter {

std::vector<std::string> CollectorsOf(
    std::span<const render::DebugBlock> blocks) {
  std::vector<std::string> collectors;
  for (const render::DebugBlock block : blocks) {
    switch (block) {
      case render::DebugBlock::kMemory:
        collectors.emplace_back("python_heap");
        break;
      case render::DebugBlock::kPid:
        collectors.emplace_back("process_tree");
        break;
      case render::DebugBlock::kDisk:
        collectors.emplace_back("disk_usage");
        collectors.emplace_back("open_files");
        break;
      case render::DebugBlock::kMapping:
        collectors.emplace_back("mappings");
        break;
    }
  }
  return collectors;
}

}  // namespace leak_exporter
