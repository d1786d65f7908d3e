#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "exporter/schedule/waitable_clock.h"
#include "exporter/schedule/worker_pool.h"
#include "metrics/base/deadline.h"
#include "metrics/base/result.h"
#include "metrics/disk/directory_looks.h"

namespace leak_exporter {

struct LookLimits {
  /// A look that shows no sign of life for so long is taken to hang.
  std::chrono::nanoseconds patience = std::chrono::seconds(10);
  /// How many looks may be outstanding, those that hang included.
  size_t most_outstanding = 32;
};

/// Knows the looks at directories that are under way, whichever target or
/// earlier configuration asked for them, and runs each in a thread of a pool. A
/// look that hangs keeps its thread; until it comes back, whoever asks for the
/// same is told at once that it hangs. Thread-safe.
class OutstandingLooks final
    : public DirectoryLooks,
      public std::enable_shared_from_this<OutstandingLooks> {
 public:
  /// `pool` and `clock` must outlive every thread of the pool.
  OutstandingLooks(WorkerPool& pool, const WaitableClock& clock,
                   const LookLimits& limits);
  ~OutstandingLooks() override;

  Result<Look::Finding> Await(Look look, const Deadline& deadline) override;

  /// Ends all waiting, because the program ends. Later calls do not wait.
  void Stop();

 private:
  using Lock = std::unique_lock<std::mutex>;
  using TimePoint = std::chrono::steady_clock::time_point;

  struct Outstanding;
  using Shared = std::shared_ptr<Outstanding>;

  Shared Find(const LookKey& key) const;
  Result<Shared> Begin(Look& look, TimePoint deadline);
  bool AwaitEnd(Lock& lock, Outstanding& look, const Deadline& deadline);
  void Run(const Shared& look);

  WorkerPool& pool_;
  const WaitableClock& clock_;
  const LookLimits limits_;

  std::mutex mutex_;
  /// Notified when a look has ended, and by Stop().
  std::condition_variable changed_;
  std::vector<Shared> outstanding_;
  bool stopped_ = false;
};

}  // namespace leak_exporter
