#pragma once

#include <sys/types.h>

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "metrics/procfs/pids.h"
#include "metrics/targets/found_process.h"

namespace leak_exporter {

/// The machine's kernel threads as they were first read. On many machines most
/// processes are kernel threads. A kernel thread never calls exec, so it need
/// not be read again while /proc lists it with the same inode. Not thread-safe.
class KernelThreads {
 public:
  /// The thread of this entry, or null where none is remembered. Valid until
  /// one of the functions below is called.
  const FoundProcess* Find(const procfs::NumberedEntry& entry) const;

  /// Remembers a thread that was read after `entry` had been listed.
  void Remember(const procfs::NumberedEntry& entry, FoundProcess thread);
  /// Forgets the thread that had `pid`, if any.
  void Forget(pid_t pid) { threads_.erase(pid); }
  /// Forgets the threads that a list of all processes does not name.
  void KeepOnly(const std::vector<procfs::NumberedEntry>& listed);

 private:
  struct Thread {
    uint64_t inode = 0;
    FoundProcess found;
  };

  std::unordered_map<pid_t, Thread> threads_;
};

}  // namespace leak_exporter
