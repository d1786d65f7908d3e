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
  /// How many threads work at once, and stay when there is nothing to do.
  size_t at_once = 4;
  /// How many there may ever be. Work that is submitted beyond them waits.
  size_t most_threads = 32;
  /// Work that takes longer gives its place to a further thread.
  std::chrono::nanoseconds patience = std::chrono::milliseconds(250);
};

/// A bounded number of threads that take work from a queue, first come, first
/// served. Work may hang in the kernel (a dead network filesystem, a process in
/// uninterruptible sleep). What has run for longer than the patience therefore
/// does not count among those at once, so that it holds up nobody else.
/// Thread-safe. The threads share what they need, and outlive the pool where
/// work hangs.
class WorkerPool {
 public:
  using Work = std::function<void()>;

  /// `clock` and `threads` must outlive every thread.
  WorkerPool(WorkerThreads& threads, WorkerThreads::Priority priority,
             const PoolLimits& limits, const Clock& clock);
  /// Stops.
  ~WorkerPool();

  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// Queues `work`. An error says why no thread could be started for it; the
  /// work stays queued, and runs as soon as there is a thread.
  Result<void> Submit(Work work);

  /// Starts threads for what waits in the queue while others hang, or where the
  /// system gave none before. To be called now and then by whoever waits for
  /// queued work.
  void Relieve();

  /// Drops what waits in the queue, now and later, and has idle threads end.
  /// Does not wait for what runs.
  void Stop();

 private:
  struct State;

  std::shared_ptr<State> state_;
};

}  // namespace leak_exporter
