#include "metrics/targets/ancestry.h"

namespace leak_exporter {

pid_t TopmostAncestor(pid_t pid, const std::unordered_set<pid_t>& candidates,
                      MachineProcesses& machine) {
  pid_t topmost = pid;
  // Processes that were read one after another may name each other as parents:
  // each is passed once.
  std::unordered_set<pid_t> passed{pid};
  for (pid_t below = pid;;) {
    const auto& process = machine.Find(below);
    if (!process) return topmost;
    const pid_t parent = process->parent_pid;
    if (parent == 0 || !passed.insert(parent).second) return topmost;
    if (candidates.contains(parent)) topmost = parent;
    below = parent;
  }
}

}  // namespace leak_exporter
