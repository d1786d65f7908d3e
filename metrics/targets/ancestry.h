#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "metrics/procfs/proc_fs.h"

namespace leak_exporter {

/// Who descends from whom, upwards, for one discovery. Reads the stat of each
/// process on the way once. Not thread-safe.
class Ancestry {
 public:
  explicit Ancestry(const procfs::ProcFs& fs) : fs_(fs) {}

  /// Saves a read where the parent is known already.
  void Know(pid_t pid, pid_t parent) { parents_.insert_or_assign(pid, parent); }

  /// The topmost of `candidates` among the process and its ancestors; the pid
  /// itself where there is none above it.
  pid_t Topmost(pid_t pid, const std::unordered_set<pid_t>& candidates);

 private:
  std::optional<pid_t> ParentOf(pid_t pid);

  const procfs::ProcFs& fs_;
  std::unordered_map<pid_t, pid_t> parents_;
  std::string buffer_;
};

}  // namespace leak_exporter
