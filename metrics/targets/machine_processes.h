#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "metrics/base/result.h"
#include "metrics/procfs/pids.h"
#include "metrics/procfs/proc_fs.h"
#include "metrics/targets/found_process.h"
#include "metrics/targets/kernel_threads.h"

namespace leak_exporter {

/// The processes of the machine at one moment. /proc is listed once, and each
/// process's stat is read once, both when they are first asked for. The object
/// knows no target and serves any number of them.
///
/// What it has read it never reads again, so each search of the machine has an
/// object of its own. `fs` and `kernel_threads` must outlive it; the latter is
/// for all searches. What it returns stays valid as long as the object. Not
/// thread-safe.
class MachineProcesses {
 public:
  MachineProcesses(const procfs::ProcFs& fs, KernelThreads& kernel_threads)
      : fs_(fs), kernel_threads_(kernel_threads) {}
  MachineProcesses(const MachineProcesses&) = delete;
  MachineProcesses& operator=(const MachineProcesses&) = delete;

  struct Listing {
    /// Every process that /proc shows.
    std::vector<procfs::NumberedEntry> entries;
    /// The pid of the exporter. Absent where /proc is of another pid namespace,
    /// which does not show the exporter.
    std::optional<pid_t> own_pid;
  };
  const Result<Listing>& List();

  /// The process that has `pid`, or why it could not be read. IsGone where
  /// there is none.
  const Result<FoundProcess>& Find(pid_t pid);
  /// The same for an entry of the list. A kernel thread is not read again if it
  /// was read for the same entry in an earlier search.
  const Result<FoundProcess>& Find(const procfs::NumberedEntry& entry);

  /// Whether a process could not be read because this program had run out of
  /// descriptors or memory.
  bool exhausted() const { return exhausted_; }

 private:
  Result<FoundProcess> Read(pid_t pid);
  Result<Listing> ReadList();

  const procfs::ProcFs& fs_;
  KernelThreads& kernel_threads_;
  std::optional<Result<Listing>> listing_;
  std::unordered_map<pid_t, Result<FoundProcess>> found_;
  bool exhausted_ = false;
  std::string buffer_;
};

}  // namespace leak_exporter
