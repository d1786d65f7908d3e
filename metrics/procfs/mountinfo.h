#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "metrics/base/deadline.h"
#include "metrics/base/result.h"
#include "metrics/procfs/proc_fs.h"
#include "metrics/procfs/process_handle.h"

namespace leak_exporter::procfs {

/// Finds the ids of the mounts whose mount point is "/" in the text of
/// /proc/PID/mountinfo (proc(5); kernel: fs/proc_namespace.c). The kernel lists
/// mounts as the process sees them, below the process's root. A process whose
/// root is a directory that is no mount point has none at "/". Touches no file.
Result<std::vector<uint64_t>> ParseRootMounts(std::string_view text);

/// Whether `process` has this program's root directory in this program's mount
/// namespace, so that a path means the same to both. False where that cannot be
/// told. Where /proc/PID/root may not be looked at, compares what is mounted at
/// "/": anybody may read mountinfo. That can be long, as a process may have a
/// hundred thousand mounts; it is read piece by piece, until the deadline.
bool SharesRoot(const ProcFs& fs, const ProcessHandle& process,
                const Deadline& deadline);

}  // namespace leak_exporter::procfs
