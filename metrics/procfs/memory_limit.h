#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "metrics/base/result.h"
#include "metrics/procfs/proc_fs.h"
#include "metrics/procfs/process_handle.h"

namespace leak_exporter::procfs {

/// Parses the text of memory.max (cgroup version 2) or of memory.limit_in_bytes
/// (version 1; kernel: admin-guide/cgroup-v2.rst, cgroup-v1/memory.rst).
/// Returns bytes, or nothing where there is no limit. Version 1 writes that as
/// the largest number of whole pages. Touches no file.
Result<std::optional<uint64_t>> ParseMemoryLimit(std::string_view text);

/// Finds the tightest limit, in bytes, among the cgroups that hold a process,
/// from its own cgroup up to the root. Returns nothing where none of them has a
/// limit. Reads /proc/PID/cgroup and files below /sys/fs/cgroup as this program
/// sees them. Cgroups outside of this program's cgroup namespace cannot be seen
/// and do not count.
Result<std::optional<uint64_t>> ReadMemoryLimit(const ProcFs& fs,
                                                const ProcessHandle& process,
                                                std::string& buffer);

/// The machine's memory (sysinfo(2)); absent where the kernel does not say.
std::optional<uint64_t> PhysicalMemoryBytes();

}  // namespace leak_exporter::procfs
