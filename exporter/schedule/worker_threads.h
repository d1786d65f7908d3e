#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

#include "metrics/base/result.h"

namespace leak_exporter {

/// Threads whose work may hang in the kernel (a dead network filesystem, a
/// process in uninterruptible sleep), so that nobody can promise to join them.
/// They are detached and counted; what they use must be kept alive by the work
/// itself. Thread-safe.
class WorkerThreads {
 public:
  enum class Priority {
    kNormal,
    /// For work that nobody should notice: nice 10.
    kBackground,
  };

  WorkerThreads();

  /// Runs `work` in a new thread. An error, with the errno, where the system
  /// gives no thread; then `work` does not run.
  Result<void> Start(Priority priority, std::function<void()> work);

  /// How many have not ended.
  size_t running() const;

  /// Waits until all have ended, so long at most. Returns whether they have.
  bool WaitUntilIdle(std::chrono::nanoseconds at_most) const;

 private:
  struct State;

  std::shared_ptr<State> state_;
};

}  // namespace leak_exporter
