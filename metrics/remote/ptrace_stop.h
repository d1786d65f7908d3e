#pragma once

#include <sys/types.h>

#include <chrono>
#include <vector>

#include "metrics/base/clock.h"
#include "metrics/base/deadline.h"
#include "metrics/base/result.h"
#include "metrics/procfs/process_handle.h"

namespace leak_exporter {

/// Keeps all threads of a process stopped while this object lives. They go on
/// when it ends, and also when this program dies. The process is changed in one
/// way only: a system call that was waiting may return EINTR, where signal(7)
/// says that stopping a process interrupts it. Stopping takes the right to
/// ptrace the process, and fails with EPERM where a debugger is attached.
///
/// ptrace(2) belongs to a thread: the thread that made this object has to end
/// it.
class PtraceStop {
 public:
  /// Returns when every thread has stopped. Where that takes longer than the
  /// deadline, all threads go on and the error is ETIMEDOUT. Even then a thread
  /// in state D is waited for: it stops when it leaves that state, and has to
  /// be let go.
  static Result<PtraceStop> Stop(const procfs::ProcessHandle& process,
                                 const Deadline& deadline);

  PtraceStop(PtraceStop&& other) noexcept;
  PtraceStop& operator=(PtraceStop&&) = delete;
  ~PtraceStop();

 private:
  struct Thread {
    pid_t id = 0;
    bool stopped = false;
    /// The signal that was about to be delivered when the thread stopped. It is
    /// delivered when the thread goes on.
    int signal = 0;
  };

  PtraceStop() = default;

  /// Attaches to the threads that are not known yet, and returns their number.
  Result<size_t> SeizeNewThreads(const procfs::ProcessHandle& process);
  Result<void> WaitForAll(const procfs::ProcessHandle& process,
                          const Deadline& deadline);
  /// Whether the thread has stopped or ended.
  static bool Check(Thread& thread);

  std::vector<Thread> threads_;
};

}  // namespace leak_exporter
