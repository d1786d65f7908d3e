#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "config/config.h"
#include "exporter/debug/block_schedule.h"
#include "exporter/debug/block_writer.h"
#include "exporter/debug/growing_children.h"
#include "exporter/log/log.h"
#include "exporter/schedule/snapshotter.h"
#include "exporter/schedule/waitable_clock.h"
#include "exporter/schedule/worker_threads.h"

namespace leak_exporter {

/// Prints the configured debug blocks, each at its own interval. Blocks that
/// are due together come from one snapshot and are written together. A walk
/// that takes long, or hangs, does not make them miss the next interval: they
/// show its last result then. A failure to write is logged, and the next blocks
/// are tried again.
///
/// Thread-safe. Must be owned by a shared_ptr. Its thread shares the ownership,
/// because it may hang in a write that nobody reads.
class DebugReporter : public std::enable_shared_from_this<DebugReporter> {
 public:
  /// `snapshotter`, `clock` and `logger` outlive the thread.
  DebugReporter(const Snapshotter& snapshotter, const WaitableClock& clock,
                Logger& logger);

  /// Sets or replaces the configuration. Opens the output again.
  void Configure(const config::DebuggingConfig& config);

  /// Starts to print in a thread of `workers`, which Stop ends.
  Result<void> Start(WorkerThreads& workers);
  void Stop();

  /// How many blocks were left out so far, because measuring took too long or
  /// nobody read the output.
  uint64_t LeftOut() const;

 private:
  void Run();
  void Print(const std::vector<render::DebugBlock>& blocks,
             std::chrono::nanoseconds background_wait, BlockWriter& writer);

  const Snapshotter& snapshotter_;
  const WaitableClock& clock_;
  Logger& logger_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t changes_ = 0;
  bool stopped_ = false;
  BlockSchedule schedule_;
  /// The output that is configured, and how often that was done.
  std::string output_;
  uint64_t outputs_ = 0;

  /// Writes to the output number `opened_`. Only the thread uses it, because
  /// opening and closing a file may hang.
  std::optional<BlockWriter> writer_;
  GrowingChildren growing_;
  uint64_t opened_ = 0;
  /// Whether the last blocks may have been written in part. Only the thread
  /// uses it.
  bool failed_before_ = false;
};

}  // namespace leak_exporter
