#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "metrics/base/result.h"
#include "metrics/base/unique_fd.h"
#include "metrics/procfs/proc_fs.h"

namespace leak_exporter::procfs {

/// An entry of a directory whose name is a number.
struct NumberedEntry {
  pid_t number = 0;
  /// Of /proc/PID, while it stays the same, so does the process: the kernel
  /// gives no inode number twice before all of 32 bits have been used. It may
  /// change without the process when the kernel needs memory.
  uint64_t inode = 0;
};

/// Those of an open directory, in the kernel's order: processes in /proc,
/// threads in /proc/PID/task. `path` is for messages.
Result<std::vector<NumberedEntry>> ListNumbers(UniqueFd directory,
                                               const std::string& path);

/// Whether a process that the proc filesystem does not show exists all the same
/// (mounted with hidepid=2): then pid 1 is not shown either, and the kernel
/// answers a signal to the process otherwise than with ESRCH. Sends none.
bool IsHidden(const ProcFs& fs, pid_t pid);

/// Every process that the proc filesystem shows.
Result<std::vector<NumberedEntry>> ListPids(const ProcFs& fs);

}  // namespace leak_exporter::procfs
