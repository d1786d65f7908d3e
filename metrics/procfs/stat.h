#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "metrics/base/result.h"
#include "metrics/procfs/proc_fs.h"

namespace leak_exporter::procfs {

/// Flags of the field `flags` (include/linux/sched.h).
inline constexpr uint32_t kForkedButNotExeced = 0x00000040;  // PF_FORKNOEXEC
inline constexpr uint32_t kKernelThread = 0x00200000;        // PF_KTHREAD

/// The fields of /proc/PID/stat that are used (proc(5); kernel:
/// fs/proc/array.c).
struct Stat {
  pid_t pid = 0;
  /// Raw bytes of the kernel's comm, a view of the parsed text.
  std::string_view comm;
  char state = '?';
  pid_t parent_pid = 0;
  uint32_t flags = 0;
  int64_t num_threads = 0;
  /// In clock ticks after boot, on the clock that includes suspend.
  uint64_t start_time_ticks = 0;
  /// Where the program's text and stack begin. With address randomisation these
  /// addresses differ from one exec to the next. The kernel shows 1 and 0 to a
  /// reader that may not ptrace the process, and 0 for kernel threads.
  uint64_t start_code = 0;
  uint64_t start_stack = 0;
};

/// Parses the whole text of a stat file. Touches no file. The comm ends at the
/// last ')', because the comm itself may hold any byte but NUL.
Result<Stat> ParseStat(std::string_view text);

/// Reads and parses a stat file, resolved as openat(2) does it. The comm is a
/// view of `buffer`, which is as in ReadFileAt. Errors name `path`.
Result<Stat> ReadStatAt(int directory_fd, const char* path,
                        std::string& buffer);

/// The same for the process that has `pid` now.
Result<Stat> ReadStat(const ProcFs& fs, pid_t pid, std::string& buffer);

/// Converts a start time to the time since boot. The ticks of /proc are the
/// kernel's USER_HZ, which sysconf(_SC_CLK_TCK) tells.
std::chrono::nanoseconds StartSinceBoot(uint64_t start_time_ticks);

}  // namespace leak_exporter::procfs
