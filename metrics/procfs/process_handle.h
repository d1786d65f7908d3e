#pragma once

#include <string>
#include <string_view>

#include "metrics/base/process_id.h"
#include "metrics/base/result.h"
#include "metrics/base/unique_fd.h"
#include "metrics/procfs/proc_fs.h"

namespace leak_exporter::procfs {

/// One process, held so that nothing read through it can be another's: an open
/// descriptor of /proc/PID belongs to the process, not to the number, and
/// answers ESRCH once the process has been reaped, whoever has the pid by then
/// (fs/proc/base.c). It pins neither the process nor its pid.
///
/// Where no descriptor could be had (RLIMIT_NOFILE), reads go by path and the
/// start time is compared after each, which costs one more read.
///
/// Immutable after Open; thread-safe.
class ProcessHandle {
 public:
  /// Opens the process that has `pid` now and reads its start time.
  static Result<ProcessHandle> Open(const ProcFs& fs, pid_t pid);

  const ProcessId& id() const { return id_; }
  pid_t pid() const { return id_.pid; }

  /// Reads /proc/PID/NAME whole; see ReadFileAt for `buffer`.
  /// ESRCH or ENOENT when the process is gone.
  Result<std::string_view> Read(const char* name, std::string& buffer) const;

  /// Reads a link below /proc/PID: "cwd", "exe", "root", "fd/3".
  Result<std::string> ReadLink(const char* name) const;

  /// Opens something below /proc/PID with open(2)'s flags (O_CLOEXEC added).
  Result<UniqueFd> OpenAt(const char* name, int flags) const;

  /// "/proc/PID/NAME", for messages and for calls that need a path.
  std::string Path(std::string_view name) const;

 private:
  ProcessHandle(const ProcFs& fs, ProcessId id, UniqueFd directory);

  Result<void> ConfirmIdentity() const;

  std::string path_;
  ProcessId id_;
  /// O_PATH descriptor of /proc/PID; invalid where none could be kept.
  UniqueFd directory_;
};

}  // namespace leak_exporter::procfs
