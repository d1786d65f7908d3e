#pragma once

#include <optional>

#include "metrics/base/deadline.h"
#include "metrics/base/result.h"
#include "metrics/cpython/runtime/interpreter.h"
#include "metrics/procfs/process_handle.h"
#include "metrics/remote/memory_map.h"
#include "metrics/remote/remote_memory.h"

namespace leak_exporter::cpython {

/// Looks for a CPython in a process: in its program first, then in its
/// libraries. `map` is the map of the process, and `memory` reads it. Absent
/// where there is none. An error where there is one: ENOTSUP where it is not
/// understood (an unknown version, a debug build, no symbols), EAGAIN where it
/// has not started yet; others where it cannot be read, or where that cannot be
/// told because a file could not be read.
///
/// Reads a few kB of `memory`, and the binary's file where only its symbol
/// table tells (before 3.7, or a stripped binary). The file is opened through
/// /proc/PID/map_files or /proc/PID/root, so containers work. ETIMEDOUT past
/// the deadline.
Result<std::optional<PythonRuntime>> FindPython(
    const procfs::ProcessHandle& process, const MemoryMap& map,
    const RemoteMemory& memory, const Deadline& deadline);

}  // namespace leak_exporter::cpython
