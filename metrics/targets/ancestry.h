#pragma once

#include <sys/types.h>

#include <unordered_set>

#include "metrics/targets/machine_processes.h"

namespace leak_exporter {

/// Finds the topmost of `candidates` above a process, or returns `pid` where
/// none is above it. A process that cannot be read, because it is gone or
/// hidden, has no known ancestors.
pid_t TopmostAncestor(pid_t pid, const std::unordered_set<pid_t>& candidates,
                      MachineProcesses& machine);

}  // namespace leak_exporter
