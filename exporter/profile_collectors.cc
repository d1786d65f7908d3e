#include "exporter/profile_collectors.h"

namespace leak_exporter {

std::vector<std::string> CollectorsOf(
    std::span<const render::Profile> profiles) {
  std::vector<std::string> collectors;
  for (const render::Profile profile : profiles) {
    switch (profile) {
      case render::Profile::kMemory:
        collectors.emplace_back("python_heap");
        break;
      case render::Profile::kPid:
        collectors.emplace_back("process_tree");
        break;
      case render::Profile::kDisk:
        collectors.emplace_back("disk_usage");
        collectors.emplace_back("open_files");
        break;
      case render::Profile::kMapping:
        collectors.emplace_back("mappings");
        break;
    }
  }
  return collectors;
}

}  // namespace leak_exporter
