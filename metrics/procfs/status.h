#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "metrics/base/result.h"
#include "metrics/procfs/process_handle.h"

namespace leak_exporter::procfs {

/// What is used of /proc/PID/status (proc(5); kernel: fs/proc/array.c,
/// fs/proc/task_mmu.c). The kernel's kB are 1024 bytes. A line that is not
/// there is absent: kernel threads and zombies have no Vm lines, kernels
/// before 4.5 no Rss lines.
struct Status {
  /// comm with the kernel's escapes of '\n' and '\\' undone.
  std::string name;
  char state = '?';
  pid_t parent_pid = 0;
  uid_t effective_uid = 0;
  uint32_t threads = 0;
  std::optional<uint64_t> peak_resident_bytes;  // VmHWM
  std::optional<uint64_t> resident_bytes;       // VmRSS
  std::optional<uint64_t> anonymous_bytes;      // RssAnon
  std::optional<uint64_t> file_bytes;           // RssFile
  std::optional<uint64_t> shared_bytes;         // RssShmem
  std::optional<uint64_t> swap_bytes;           // VmSwap
  /// Voluntary and forced ones of the main thread, together.
  std::optional<uint64_t> context_switches;
  /// pid in the innermost pid namespace (last of NSpid); pid itself where the
  /// kernel (before 4.1) does not say.
  pid_t namespace_pid = 0;
};

/// Parses the whole text of a status file. Touches no file. Lines it does not
/// know are skipped; State and PPid must be there; a line that it knows and
/// cannot read is an error that names line number and content.
Result<Status> ParseStatus(std::string_view text);

/// Reads and parses /proc/PID/status. `buffer` as in ReadFileAt.
Result<Status> ReadStatus(const ProcessHandle& process, std::string& buffer);

}  // namespace leak_exporter::procfs
