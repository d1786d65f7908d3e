#pragma once

#include <string>
#include <string_view>

#include "metrics/base/result.h"
#include "metrics/procfs/process_handle.h"

namespace leak_exporter::procfs {

/// Joins the arguments in the text of a cmdline file by spaces. In the file a
/// NUL ends each argument, but a program may have written anything over them.
/// Touches no file.
std::string JoinArguments(std::string_view cmdline);

/// Reads at most the first 64 KiB of /proc/PID/cmdline and joins the arguments.
/// The result is empty for zombies and kernel threads. The kernel reads the
/// arguments from the memory of the process: for a process in state D the call
/// may wait as long as the process does, so do not make it.
Result<std::string> ReadArguments(const ProcessHandle& process,
                                  std::string& buffer);

}  // namespace leak_exporter::procfs
