#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

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
/// told. Anybody may read mountinfo, unlike /proc/PID/root.
bool SharesRoot(const ProcFs& fs, const ProcessHandle& process);

}  // namespace leak_exporter::procfs
