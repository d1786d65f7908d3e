#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "metrics/base/process_id.h"
#include "metrics/base/result.h"
#include "metrics/base/unique_fd.h"
#include "metrics/procfs/proc_fs.h"
#include "metrics/procfs/stat.h"

namespace leak_exporter::procfs {

/// One process, held so that nothing read through it can be another's: an open
/// descriptor of /proc/PID belongs to the process, not to the number, and
/// answers ESRCH once the process has been reaped, whoever has the pid by then
/// (fs/proc/base.c). It pins neither the process nor its pid.
///
/// Where no descriptor is kept, because none could be had (RLIMIT_NOFILE) or
/// the caller wants none, reads go by path and the start time is compared after
/// each, which costs one more read.
///
/// Immutable after Open; thread-safe.
class ProcessHandle {
 public:
  enum class Keep { kDescriptor, kNothing };

  /// Opens the process that has `pid` now and reads its start time.
  static Result<ProcessHandle> Open(const ProcFs& fs, pid_t pid,
                                    Keep keep = Keep::kDescriptor);

  const ProcessId& id() const { return id_; }
  pid_t pid() const { return id_.pid; }

  /// Reads /proc/PID/NAME whole; see ReadFileAt for `buffer`.
  /// ESRCH or ENOENT when the process is gone.
  Result<std::string_view> Read(const char* name, std::string& buffer) const;

  /// The same for "stat" and "status"; see ReadOnceAt.
  Result<std::string_view> ReadOnce(const char* name,
                                    std::string& buffer) const;

  /// Reads the first `most` bytes only; see ReadPrefixAt.
  Result<std::string_view> ReadPrefix(const char* name, size_t most,
                                      std::string& buffer) const;

  /// Reads a link below /proc/PID: "cwd", "exe", "root", "fd/3".
  Result<std::string> ReadLink(const char* name) const;

  /// statx(2) of what a name below /proc/PID leads to, links followed, without
  /// asking file servers or waiting for mounts.
  Result<void> Stat(const char* name, unsigned mask,
                    struct statx& status) const;

  /// Opens something below /proc/PID with open(2)'s flags (O_CLOEXEC added).
  Result<UniqueFd> OpenAt(const char* name, int flags) const;

  /// "/proc/PID/NAME", for messages and for calls that need a path.
  std::string Path(std::string_view name) const;

  /// Whether a descriptor is kept.
  bool keeps_descriptor() const { return directory_.valid(); }

 private:
  ProcessHandle(std::string path, ProcessId id, UniqueFd directory)
      : path_(std::move(path)), id_(id), directory_(std::move(directory)) {}

  /// Calls `call` with a directory descriptor and `name` as that one resolves
  /// it; the result is this process's, or an error that names the whole path.
  template <typename Call>
  auto Resolve(const char* name, const Call& call) const
      -> decltype(call(0, name));

  Error Located(Error error) const;
  Result<void> ConfirmIdentity() const;

  std::string path_;
  ProcessId id_;
  /// O_PATH descriptor of /proc/PID; invalid where none could be kept.
  UniqueFd directory_;
};

/// Reads and parses /proc/PID/stat. The comm is a view of `buffer`, which is as
/// in ReadFileAt. A handle takes its identity from that file: stat.h is below
/// it and knows of none.
Result<Stat> ReadStat(const ProcessHandle& process, std::string& buffer);

}  // namespace leak_exporter::procfs
