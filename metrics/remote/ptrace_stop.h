#pragma once

#include <sys/types.h>

#include <chrono>
#include <vector>

#include "metrics/base/clock.h"
#include "metrics/base/deadline.h"
#include "metrics/base/result.h"
#include "metrics/procfs/process_handle.h"

namespace leak_exporter {

/// Holds all threads of a process still, for as long as this object lives: they
/// go on when it ends, and also when this program dies. Nothing is changed in
/// the process, except that system calls that were waiting may see EINTR where
/// signal(7) says that stopping a process interrupts them. Takes the right to
/// ptrace; fails where a debugger is attached (EPERM).
///
/// ptrace(2) binds to a thread: to be used and ended by the thread that made
/// it.
class PtraceStop {
 public:
  /// Returns when every thread has stopped; ETIMEDOUT, and all go on, where
  /// that takes longer than the deadline. Then it still waits for a thread in
  /// state D to leave it, as otherwise that one would stop with nobody to let
  /// it go.
  static Result<PtraceStop> Stop(const procfs::ProcessHandle& process,
                                 const Deadline& deadline);

  PtraceStop(PtraceStop&& other) noexcept;
  PtraceStop& operator=(PtraceStop&&) = delete;
  ~PtraceStop();

 private:
  struct Thread {
    pid_t id = 0;
    bool stopped = false;
    /// One that was about to be delivered, and has to be.
    int signal = 0;
  };

  PtraceStop() = default;

  /// Attaches to threads that were not known; returns how many there were.
  Result<size_t> SeizeNewThreads(const procfs::ProcessHandle& process);
  Result<void> WaitForAll(const procfs::ProcessHandle& process,
                          const Deadline& deadline);
  /// Whether it has stopped or ended.
  static bool Check(Thread& thread);

  std::vector<Thread> threads_;
};

}  // namespace leak_exporter
