#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/base/result.h"
#include "metrics/procfs/proc_fs.h"
#include "metrics/procfs/process_handle.h"

namespace leak_exporter::procfs {

/// Parses the text of memory.max (cgroup version 2) or of memory.limit_in_bytes
/// (version 1; kernel: admin-guide/cgroup-v2.rst, cgroup-v1/memory.rst).
/// Returns bytes, or nothing where there is no limit. Version 1 writes that as
/// the largest number of whole pages. Touches no file.
Result<std::optional<uint64_t>> ParseMemoryLimit(std::string_view text);

/// A cgroup whose memory has a limit.
struct LimitedCgroup {
  /// Where this program sees its directory.
  std::string path;
  uint64_t limit_bytes = 0;
  /// Whether it is one of version 1, whose files have other names.
  bool version_1 = false;
};

/// Finds the cgroups that hold a process and have a memory limit, from its own
/// cgroup up to the root. The root of this program's cgroup namespace may have
/// one, too. Reads /proc/PID/cgroup and files below /sys/fs/cgroup as this
/// program sees them. Cgroups outside of its cgroup namespace cannot be seen
/// and do not count. EFBIG where they are nested deeper than anybody nests
/// them.
Result<std::vector<LimitedCgroup>> FindLimitedCgroups(
    const ProcFs& fs, const ProcessHandle& process, std::string& buffer);

/// What a cgroup uses of its limit: memory.current less the inactive_file of
/// memory.stat, cached pages that the kernel drops before it kills anybody. In
/// version 1 memory.usage_in_bytes and total_inactive_file. Absent where the
/// cgroup is gone.
Result<std::optional<uint64_t>> ReadMemoryInUse(const LimitedCgroup& cgroup,
                                                std::string& buffer);

/// Finds "NAME BYTES" in the text of a memory.stat. Touches no file.
Result<uint64_t> ParseMemoryStat(std::string_view text, std::string_view name);

/// The machine's memory (sysinfo(2)); absent where the kernel does not say.
std::optional<uint64_t> PhysicalMemoryBytes();

}  // namespace leak_exporter::procfs
