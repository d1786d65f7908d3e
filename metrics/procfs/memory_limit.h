#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "metrics/base/result.h"
#include "metrics/procfs/proc_fs.h"
#include "metrics/procfs/process_handle.h"

namespace leak_exporter::procfs {

/// Parses memory.max of cgroup version 2 or memory.limit_in_bytes of version 1
/// (kernel: admin-guide/cgroup-v2.rst, cgroup-v1/memory.rst): bytes, or nothing
/// where there is no limit, which version 1 writes as the largest number of
/// whole pages. Touches no file.
Result<std::optional<uint64_t>> ParseMemoryLimit(std::string_view text);

/// The tightest limit among the cgroups that hold a process, from its own up to
/// the root, in bytes; nothing where none of them has one. Reads
/// /proc/PID/cgroup and files below /sys/fs/cgroup as this process sees it;
/// cgroups outside of its cgroup namespace cannot be seen and do not count.
Result<std::optional<uint64_t>> ReadMemoryLimit(const ProcFs& fs,
                                                const ProcessHandle& process,
                                                std::string& buffer);

/// The machine's memory (sysinfo(2)); absent where the kernel does not say.
std::optional<uint64_t> PhysicalMemoryBytes();

}  // namespace leak_exporter::procfs
