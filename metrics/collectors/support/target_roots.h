#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "metrics/base/process_id.h"
#include "metrics/base/result.h"
#include "metrics/disk/file_root.h"
#include "metrics/procfs/proc_fs.h"
#include "metrics/procfs/process_handle.h"

namespace leak_exporter {

/// What processes call "/". Opening another's root takes CAP_SYS_PTRACE or its
/// user; that a process shares this program's own root can be told without.
class TargetRoots {
 public:
  using Root = std::shared_ptr<const FileRoot>;

  explicit TargetRoots(const procfs::ProcFs& fs) : fs_(fs) {}

  /// Remembers the root of `process`, and why it cannot be had, for those who
  /// ask for it or for the same one. Only so many are remembered: each may hold
  /// a descriptor.
  void Keep(const procfs::ProcessHandle& process);

  /// The root of `process`. EACCES where it may not be entered and is not this
  /// program's own.
  Result<Root> Find(const procfs::ProcessHandle& process) const;

 private:
  struct Kept {
    ProcessId process;
    /// Mount namespace and path; absent where these may not be read.
    std::optional<std::string> name;
    Result<Root> root;
  };

  Result<Root> Open(const procfs::ProcessHandle& process) const;

  const procfs::ProcFs& fs_;
  std::vector<Kept> kept_;
};

/// The path of a directory in /proc/PID, "cwd" say, as that process sees it.
Result<std::string> ReadSeenPath(const procfs::ProcessHandle& process,
                                 const char* link);

}  // namespace leak_exporter
