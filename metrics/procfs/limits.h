#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "metrics/base/result.h"
#include "metrics/procfs/proc_fs.h"
#include "metrics/procfs/process_handle.h"

namespace leak_exporter::procfs {

/// A limit; absent means unlimited.
using Limit = std::optional<uint64_t>;

/// The soft limit of "Max open files" in the text of /proc/PID/limits (proc(5);
/// kernel: fs/proc/base.c). Touches no file. A missing line, or one that cannot
/// be read, is an error.
Result<Limit> ParseOpenFilesLimit(std::string_view text);

/// Reads it of one process. Anybody may read this file (its mode is 0444).
Result<Limit> ReadOpenFilesLimit(const ProcessHandle& process,
                                 std::string& buffer);

/// The same from prlimit(2), 0.3 µs instead of 3, where the kernel permits it
/// (same user, or CAP_SYS_RESOURCE); absent where it does not. It takes a
/// number, not a handle, so it is right only where `fs` is that of this
/// program's own pid namespace (OwnsPids) and the process is seen alive through
/// its handle afterwards.
std::optional<Limit> AskOpenFilesLimit(const ProcessHandle& process);

/// Whether the pids of `fs` are those that system calls of this program take:
/// false for a recorded tree and for another pid namespace's /proc.
bool OwnsPids(const ProcFs& fs);

/// vm.max_map_count (proc(5)), how many mappings a process may have. ENOENT
/// where /proc/sys is hidden (ProcSubset=pid).
Result<uint64_t> ReadMaxMapCount(const ProcFs& fs, std::string& buffer);

}  // namespace leak_exporter::procfs
