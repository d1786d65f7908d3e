#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

#include "metrics/base/result.h"

namespace leak_exporter {

/// Starts threads whose work may hang in the kernel (a dead network filesystem,
/// a process in uninterruptible sleep). Nobody can be sure to join such
/// threads, so they are detached and counted. The work must keep alive whatever
/// it uses. Thread-safe.
class WorkerThreads {
 public:
  enum class Priority {
    kNormal,
    /// Nice 10, for work that must not slow down other programs.
    kBackground,
  };

  WorkerThreads();

  /// Runs `work` in a new thread. If the system gives no thread, returns an
  /// error with the errno and does not run `work`.
  Result<void> Start(Priority priority, std::function<void()> work);

  /// The number of threads that have not ended.
  size_t running() const;

  /// Waits until all threads have ended, for at most `at_most`. Returns whether
  /// they have ended.
  bool WaitUntilIdle(std::chrono::nanoseconds at_most) const;

 private:
  struct State;

  std::shared_ptr<State> state_;
};

}  // namespace leak_exporter
