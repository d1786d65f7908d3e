#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "metrics/base/result.h"
#include "metrics/base/unique_fd.h"
#include "metrics/procfs/proc_fs.h"

namespace leak_exporter::procfs {

/// The numbers among the names of an open directory, in the kernel's order:
/// processes in /proc, threads in /proc/PID/task. Appends to `numbers`; `path`
/// is for messages.
Result<void> ListNumbers(UniqueFd directory, const std::string& path,
                         std::vector<pid_t>& numbers);

/// Whether a process that the proc filesystem does not show exists all the same
/// (mounted with hidepid=2): then pid 1 is not shown either, and the kernel
/// answers a signal to the process otherwise than with ESRCH. Sends none.
bool IsHidden(const ProcFs& fs, pid_t pid);

/// Every process that the proc filesystem shows.
Result<void> ListPids(const ProcFs& fs, std::vector<pid_t>& pids);

}  // namespace leak_exporter::procfs
