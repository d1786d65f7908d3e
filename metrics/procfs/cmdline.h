#pragma once

#include <string>
#include <string_view>

#include "metrics/base/result.h"
#include "metrics/procfs/process_handle.h"

namespace leak_exporter::procfs {

/// The arguments of a cmdline file, which ends each with NUL, joined by spaces.
/// Programs may have written anything over them. Touches no file.
std::string JoinArguments(std::string_view cmdline);

/// Reads /proc/PID/cmdline, at most its first 64 KiB, and joins the arguments.
/// Empty for zombies and kernel threads. The kernel reads it from the memory of
/// the process: do not call it for one in state D, it may wait as long as that
/// one does.
Result<std::string> ReadArguments(const ProcessHandle& process,
                                  std::string& buffer);

}  // namespace leak_exporter::procfs
