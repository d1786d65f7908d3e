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

/// One process, held in such a way that nothing read through the handle can be
/// another process's. An open descriptor of /proc/PID belongs to the process
/// and not to the number: once the process has been reaped it answers ESRCH,
/// whoever has the pid by then (fs/proc/base.c). The descriptor pins neither
/// the process nor its pid.
///
/// A handle may have no descriptor, because none could be had (RLIMIT_NOFILE)
/// or because the caller wants none. Then it reads by path and compares the
/// start time after each read, which costs one more read.
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

  /// Reads "stat" or "status", which need one read; see ReadOnceAt.
  Result<std::string_view> ReadOnce(const char* name,
                                    std::string& buffer) const;

  /// Reads the first `most` bytes only; see ReadPrefixAt.
  Result<std::string_view> ReadPrefix(const char* name, size_t most,
                                      std::string& buffer) const;

  /// Reads a link below /proc/PID: "cwd", "exe", "root", "fd/3".
  Result<std::string> ReadLink(const char* name) const;

  /// Calls statx(2) for what a name below /proc/PID leads to. Follows links;
  /// asks no file server and triggers no automount.
  Result<void> Stat(const char* name, unsigned mask,
                    struct statx& status) const;

  /// Opens something below /proc/PID with open(2)'s flags (O_CLOEXEC added).
  Result<UniqueFd> OpenAt(const char* name, int flags) const;
  /// The same, but reading leaves the file's access time as it is, where the
  /// kernel allows that (see OpenUntouched()).
  Result<UniqueFd> OpenAtUntouched(const char* name, int flags) const;

  /// "/proc/PID/NAME", for messages and for calls that need a path.
  std::string Path(std::string_view name) const;

  /// Whether a descriptor is kept.
  bool keeps_descriptor() const { return directory_.valid(); }

 private:
  ProcessHandle(std::string path, ProcessId id, UniqueFd directory)
      : path_(std::move(path)), id_(id), directory_(std::move(directory)) {}

  /// Calls `call` with a directory descriptor and with the path that `name` has
  /// below it. Returns a result that is this process's, or an error that names
  /// the whole path.
  template <typename Call>
  auto Resolve(const char* name, const Call& call) const
      -> decltype(call(0, name));

  Error Located(Error error) const;
  Result<void> ConfirmIdentity() const;

  std::string path_;
  ProcessId id_;
  /// An O_PATH descriptor of /proc/PID; invalid where none is kept.
  UniqueFd directory_;
};

/// Reads and parses /proc/PID/stat. The comm is a view of `buffer`, which is as
/// in ReadFileAt. A handle takes its identity from that file: stat.h is below
/// it and knows of none.
Result<Stat> ReadStat(const ProcessHandle& process, std::string& buffer);

}  // namespace leak_exporter::procfs
