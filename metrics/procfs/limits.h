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

/// Finds the soft limit of "Max open files" in the text of /proc/PID/limits
/// (proc(5); kernel: fs/proc/base.c). Touches no file. A line that is missing
/// or malformed is an error.
Result<Limit> ParseOpenFilesLimit(std::string_view text);

/// Reads that limit of one process. Anybody may read the file (its mode is
/// 0444).
Result<Limit> ReadOpenFilesLimit(const ProcessHandle& process,
                                 std::string& buffer);

/// Asks prlimit(2) for the same limit, which takes 0.3 µs and not 3. Absent
/// where the kernel does not permit it: it takes the same user, or
/// CAP_SYS_RESOURCE. The system call knows the process by its number alone. The
/// answer is therefore right only if OwnsPids holds for the handle's file
/// system, and if the process is seen alive through its handle afterwards.
std::optional<Limit> AskOpenFilesLimit(const ProcessHandle& process);

/// Whether the pids of `fs` are those that this program's system calls take.
/// False for a recorded tree and for the /proc of another pid namespace.
bool OwnsPids(const ProcFs& fs);

/// Reads vm.max_map_count (proc(5)): how many mappings a process may have.
/// ENOENT where /proc/sys is hidden (ProcSubset=pid).
Result<uint64_t> ReadMaxMapCount(const ProcFs& fs, std::string& buffer);

}  // namespace leak_exporter::procfs
