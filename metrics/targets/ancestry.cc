#include "metrics/targets/ancestry.h"

namespace leak_exporter {

pid_t TopmostAncestor(
    pid_t pid, const std::unordered_set<pid_t>& candidates,
    const std::function<std::optional<pid_t>(pid_t)>& parent_of) {
  pid_t topmost = pid;
  // Processes that were read one after another may name each other as parents:
  // each is passed once.
  std::unordered_set<pid_t> passed{pid};
  for (pid_t below = pid;;) {
    const pid_t parent = parent_of(below).value_or(0);
    if (parent == 0 || !passed.insert(parent).second) return topmost;
    if (candidates.contains(parent)) topmost = parent;
    below = parent;
  }
}

}  // namespace leak_exporter
