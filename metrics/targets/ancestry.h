#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <unordered_set>

namespace leak_exporter {

/// Finds the topmost of `candidates` above a process, or returns `pid` where
/// none is above it. `parent_of` tells the parent of a process; one that cannot
/// be read, because it is gone or hidden, has none.
pid_t TopmostAncestor(
    pid_t pid, const std::unordered_set<pid_t>& candidates,
    const std::function<std::optional<pid_t>(pid_t)>& parent_of);

}  // namespace leak_exporter
