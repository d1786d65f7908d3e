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

/// The processes of the machine at one moment: /proc is listed once, and the
/// stat of a process is read once, both when they are first asked for. Knows no
/// target, and serves any number of them.
///
/// One object a moment, since what it has read it never reads again. `fs` and
/// `kernel_threads`, which is kept from one object to the next, must outlive
/// it. What it returns stays valid as long as the object. Not thread-safe.
class MachineProcesses {
 public:
  MachineProcesses(const procfs::ProcFs& fs, KernelThreads& kernel_threads)
      : fs_(fs), kernel_threads_(kernel_threads) {}
  MachineProcesses(const MachineProcesses&) = delete;
  MachineProcesses& operator=(const MachineProcesses&) = delete;

  struct Listing {
    /// Every process that /proc shows.
    std::vector<procfs::NumberedEntry> entries;
    /// The exporter's. Absent where /proc is of another pid namespace, which
    /// shows no such process.
    std::optional<pid_t> own_pid;
  };
  const Result<Listing>& List();

  /// The process that has `pid`, or why it could not be read; IsGone where
  /// there is none.
  const Result<FoundProcess>& Find(pid_t pid);
  /// The same for an entry of the list. Does not read a kernel thread that was
  /// read for an entry like it before.
  const Result<FoundProcess>& Find(const procfs::NumberedEntry& entry);

 private:
  Result<FoundProcess> Read(pid_t pid);
  Result<Listing> ReadList();

  const procfs::ProcFs& fs_;
  KernelThreads& kernel_threads_;
  std::optional<Result<Listing>> listing_;
  std::unordered_map<pid_t, Result<FoundProcess>> found_;
  std::string buffer_;
};

}  // namespace leak_exporter
