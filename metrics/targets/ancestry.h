#pragma once

#include <sys/types.h>

#include <unordered_set>

#include "metrics/targets/machine_processes.h"

namespace leak_exporter {

/// The topmost of `candidates` among the process and its ancestors; the pid
/// itself where there is none above it. A process that cannot be read (gone, or
/// hidden) has no known ancestors.
pid_t TopmostAncestor(pid_t pid, const std::unordered_set<pid_t>& candidates,
                      MachineProcesses& machine);

}  // namespace leak_exporter
