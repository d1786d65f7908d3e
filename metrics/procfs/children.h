#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/base/result.h"
#include "metrics/procfs/process_handle.h"

namespace leak_exporter::procfs {

/// Parses the whole text of a children file, "4310 4311 ". Touches no file.
/// Appends to `children`.
Result<void> ParseChildren(std::string_view text, std::vector<pid_t>& children);

/// Reads /proc/PID/task/TID/children of every thread, since a child belongs to
/// the thread that forked it, and appends the pids to `children`; `threads` is
/// the number of threads that status tells. While children end, the kernel
/// sometimes leaves out one that lives (proc(5)): what is not listed is not
/// proven gone. A thread that ended meanwhile is none of this call's errors:
/// its children moved to another one.
///
/// The code is ENOSYS where the kernel has no such file (before 3.5, or built
/// without CONFIG_PROC_CHILDREN).
Result<void> ReadChildren(const ProcessHandle& process, uint32_t threads,
                          std::string& buffer, std::vector<pid_t>& children);

}  // namespace leak_exporter::procfs
