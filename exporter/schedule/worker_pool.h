#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

#include "exporter/schedule/worker_threads.h"
#include "metrics/base/clock.h"
#include "metrics/base/result.h"

namespace leak_exporter {

struct PoolLimits {
  /// How many threads work at once. So many also stay when there is nothing to
  /// do.
  size_t at_once = 4;
  /// How many threads there may be in all. Further work waits in the queue.
  size_t most_threads = 32;
  /// When work takes longer than this, another thread may start in its place.
  std::chrono::nanoseconds patience = std::chrono::milliseconds(250);
};

/// A bounded number of threads that take work from a queue in its order. Work
/// may hang in the kernel (a dead network filesystem, a process in
/// uninterruptible sleep). Therefore work that has run for longer than
/// `patience` does not count in `at_once`, and delays nobody else. Threads that
/// hang outlive the pool; they share ownership of what they use. Thread-safe.
class WorkerPool {
 public:
  using Work = std::function<void()>;

  /// `threads` and `clock` must outlive every thread.
  WorkerPool(WorkerThreads& threads, WorkerThreads::Priority priority,
             const PoolLimits& limits, const Clock& clock);
  /// Calls Stop().
  ~WorkerPool();

  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// Queues `work`. An error says why no thread could be started. The work
  /// stays in the queue even then, and runs as soon as there is a thread.
  Result<void> Submit(Work work);

  /// Starts threads for queued work if other work hangs, or if the system gave
  /// no thread before. A caller that waits for queued work calls this from time
  /// to time.
  void Relieve();

  /// Drops all queued work and all work that is submitted later. Idle threads
  /// end. Does not wait for work that runs.
  void Stop();

 private:
  struct State;

  std::shared_ptr<State> state_;
};

}  // namespace leak_exporter
