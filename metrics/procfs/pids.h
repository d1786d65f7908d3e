#pragma once

#include <sys/types.h>

#include <cstddef>
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
  /// The inode number. While that of /proc/PID stays the same, the process does
  /// too: the kernel gives no number twice before it has used all of 32 bits.
  /// The number may change while the process stays, when the kernel needs
  /// memory.
  uint64_t inode = 0;
};

/// More are not listed. Each takes 16 bytes.
inline constexpr size_t kMostNumbers = size_t{1} << 18;

/// Lists the numbered entries of an open directory in the kernel's order: the
/// processes in /proc, the threads in /proc/PID/task. `path` is for messages.
/// EFBIG where there are more than `most`.
Result<std::vector<NumberedEntry>> ListNumbers(UniqueFd directory,
                                               const std::string& path,
                                               size_t most = kMostNumbers);

/// Whether a process exists that the proc filesystem does not show, because it
/// is mounted with hidepid=2. Then pid 1 is not shown either, and kill(2) with
/// signal 0, which sends nothing, does not answer ESRCH. False where `fs` shows
/// another pid namespace, in which the pid would be another process's.
bool IsHidden(const ProcFs& fs, pid_t pid);

/// Lists every process that the proc filesystem shows.
Result<std::vector<NumberedEntry>> ListPids(const ProcFs& fs);

}  // namespace leak_exporter::procfs
