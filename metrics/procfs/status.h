#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "metrics/base/result.h"
#include "metrics/procfs/process_handle.h"

namespace leak_exporter::procfs {

/// The fields of /proc/PID/status that are used (proc(5); kernel:
/// fs/proc/array.c, fs/proc/task_mmu.c). The kernel's kB are 1024 bytes. A
/// field is absent where its line is: kernel threads and zombies have no Vm
/// lines, and kernels before 4.5 write no Rss lines.
struct Status {
  /// The comm, in which the kernel's escapes of '\n' and '\\' are undone.
  std::string name;
  char state = '?';
  pid_t parent_pid = 0;
  uid_t effective_uid = 0;
  /// The uid, if the real, effective, saved and filesystem uid are the same.
  std::optional<uid_t> only_uid;
  uint32_t threads = 0;
  std::optional<uint64_t> peak_resident_bytes;  // VmHWM
  std::optional<uint64_t> resident_bytes;       // VmRSS
  std::optional<uint64_t> anonymous_bytes;      // RssAnon
  std::optional<uint64_t> file_bytes;           // RssFile
  std::optional<uint64_t> shared_bytes;         // RssShmem
  std::optional<uint64_t> swap_bytes;           // VmSwap
  /// The sum of the main thread's voluntary and forced switches.
  std::optional<uint64_t> context_switches;
  /// The pid in the innermost pid namespace (the last of NSpid), or the pid
  /// itself where the kernel does not say (before 4.1).
  pid_t namespace_pid = 0;
};

/// Parses the whole text of a status file. Touches no file. Skips unknown
/// lines. State and PPid must be there. A known line that is malformed is an
/// error that names the line's number and content.
Result<Status> ParseStatus(std::string_view text);

/// Reads and parses /proc/PID/status; see ReadFileAt for `buffer`.
Result<Status> ReadStatus(const ProcessHandle& process, std::string& buffer);

}  // namespace leak_exporter::procfs
