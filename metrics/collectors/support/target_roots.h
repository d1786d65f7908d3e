#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "metrics/base/deadline.h"
#include "metrics/base/process_id.h"
#include "metrics/base/result.h"
#include "metrics/disk/file_root.h"
#include "metrics/procfs/proc_fs.h"
#include "metrics/procfs/process_handle.h"

namespace leak_exporter {

/// The directories that processes call "/". Opening the root of another process
/// takes the same user or CAP_SYS_PTRACE. It takes neither to tell that a
/// process shares this program's own root.
class TargetRoots {
 public:
  using Root = std::shared_ptr<const FileRoot>;

  /// Both must outlive this object.
  TargetRoots(const procfs::ProcFs& fs, const Deadline& deadline)
      : fs_(fs), deadline_(deadline) {}

  /// Remembers the root of `process`, or why it cannot be had. Find then
  /// answers from memory for this process and for those that have the same
  /// root. At most 64 roots are remembered, because each may hold a descriptor.
  void Keep(const procfs::ProcessHandle& process);

  /// The root of `process`. EACCES where that is not this program's own root
  /// and may not be opened.
  Result<Root> Find(const procfs::ProcessHandle& process) const;

 private:
  struct Kept {
    ProcessId process;
    /// The mount namespace and the path. Absent where these may not be read.
    std::optional<std::string> name;
    Result<Root> root;
  };

  Result<Root> Open(const procfs::ProcessHandle& process) const;

  const procfs::ProcFs& fs_;
  const Deadline& deadline_;
  std::vector<Kept> kept_;
};

/// The path that a link of /proc/PID, such as "cwd", leads to, as that process
/// sees it.
Result<std::string> ReadSeenPath(const procfs::ProcessHandle& process,
                                 const char* link);

}  // namespace leak_exporter
