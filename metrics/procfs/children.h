#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/base/result.h"
#include "metrics/procfs/process_handle.h"

namespace leak_exporter::procfs {

/// Parses the whole text of a children file, such as "4310 4311 ", and appends
/// the pids to `children`. Touches no file.
Result<void> ParseChildren(std::string_view text, std::vector<pid_t>& children);

/// Reads /proc/PID/task/TID/children of every thread and appends the pids to
/// `children`. Every thread has its own file, because a child belongs to the
/// thread that forked it; `threads` is their number as status tells it. While
/// other children end, the kernel may leave out a child that lives (proc(5)):
/// a child that is not listed is not proven gone. A thread that ended meanwhile
/// is no error, since its children moved to another thread. A process that did
/// is one (IsGone).
///
/// The error's code is ENOSYS where the kernel has no such file (before 3.5, or
/// built without CONFIG_PROC_CHILDREN).
Result<void> ReadChildren(const ProcessHandle& process, uint32_t threads,
                          std::string& buffer, std::vector<pid_t>& children);

}  // namespace leak_exporter::procfs
