#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "config/config.h"
#include "exporter/debug/block_schedule.h"
#include "exporter/debug/block_writer.h"
#include "exporter/log/log.h"
#include "exporter/schedule/snapshotter.h"
#include "exporter/schedule/waitable_clock.h"
#include "exporter/schedule/worker_threads.h"

namespace leak_exporter {

/// Prints the debug blocks that are configured, each at its own interval. Those
/// that are due together come from one snapshot and are written together. What
/// cannot be written is logged, and the next blocks are tried again.
///
/// Thread-safe. Owned by a shared_ptr, which its thread shares: it may hang in
/// a write that nobody reads.
class DebugReporter : public std::enable_shared_from_this<DebugReporter> {
 public:
  /// The references outlive the thread.
  DebugReporter(const Snapshotter& snapshotter, const WaitableClock& clock,
                Logger& logger);

  /// Takes a configuration, the first one or another. The output is opened
  /// anew.
  void Configure(const config::DebuggingConfig& config);

  /// Begins to print, in a thread of `workers` that ends with Stop.
  Result<void> Start(WorkerThreads& workers);
  void Stop();

 private:
  void Run();
  void Print(const std::vector<render::DebugBlock>& profiles,
             const std::shared_ptr<BlockWriter>& writer);

  const Snapshotter& snapshotter_;
  const WaitableClock& clock_;
  Logger& logger_;

  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t changes_ = 0;
  bool stopped_ = false;
  BlockSchedule schedule_;
  /// Used by the thread alone, replaced by Configure.
  std::shared_ptr<BlockWriter> writer_;
};

}  // namespace leak_exporter
