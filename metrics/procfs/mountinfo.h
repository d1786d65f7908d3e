#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "metrics/base/result.h"
#include "metrics/procfs/proc_fs.h"
#include "metrics/procfs/process_handle.h"

namespace leak_exporter::procfs {

/// The ids of the mounts whose mount point is "/", in the text of
/// /proc/PID/mountinfo (proc(5); kernel: fs/proc_namespace.c). The kernel lists
/// mounts as the process sees them, below its own root: one that was changed to
/// a directory that is no mount point has none at "/". Touches no file.
Result<std::vector<uint64_t>> ParseRootMounts(std::string_view text);

/// Whether `process` has this program's own root directory in this program's
/// own mount namespace, so that paths mean the same to both. Anybody may read
/// mountinfo, unlike /proc/PID/root. False where it cannot be told.
bool SharesRoot(const ProcFs& fs, const ProcessHandle& process);

}  // namespace leak_exporter::procfs
