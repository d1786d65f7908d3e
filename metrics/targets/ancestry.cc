#include "metrics/targets/ancestry.h"

#include "metrics/procfs/stat.h"

namespace leak_exporter {

pid_t Ancestry::Topmost(pid_t pid,
                        const std::unordered_set<pid_t>& candidates) {
  pid_t topmost = pid;
  // What changes while it is read could look like a circle.
  std::unordered_set<pid_t> visited{pid};
  auto parent = ParentOf(pid);
  while (parent && *parent != 0 && visited.insert(*parent).second) {
    if (candidates.contains(*parent)) topmost = *parent;
    parent = ParentOf(*parent);
  }
  return topmost;
}

std::optional<pid_t> Ancestry::ParentOf(pid_t pid) {
  if (const auto known = parents_.find(pid); known != parents_.end()) {
    return known->second;
  }
  const auto stat = procfs::ReadStat(fs_, pid, buffer_);
  // Who cannot be read (gone, or hidden) has no known ancestors.
  if (!stat) return std::nullopt;
  parents_.emplace(pid, stat->parent_pid);
  return stat->parent_pid;
}

}  // namespace leak_exporter
