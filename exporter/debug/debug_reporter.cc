#include "exporter/debug/debug_reporter.h"

#include <chrono>
#include <utility>

#include "metrics/render/debug/block_collectors.h"
#include "metrics/render/debug/debug_text.h"

namespace leak_exporter {
namespace {

// How long a block may wait for its measurement. After that it shows the last
// results.
constexpr std::chrono::seconds kMeasuringBudget{30};

}  // namespace

DebugReporter::DebugReporter(const Snapshotter& snapshotter,
                             const WaitableClock& clock, Logger& logger)
    : snapshotter_(snapshotter), clock_(clock), logger_(logger) {}

void DebugReporter::Configure(const config::DebuggingConfig& config) {
  const std::lock_guard lock(mutex_);
  schedule_.Configure(config, clock_.Now());
  writer_ = std::make_shared<BlockWriter>(config.output);
  ++changes_;
  changed_.notify_all();
}

Result<void> DebugReporter::Start(WorkerThreads& workers) {
  return workers.Start(WorkerThreads::Priority::kNormal,
                       [self = shared_from_this()] { self->Run(); });
}

void DebugReporter::Stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  ++changes_;
  changed_.notify_all();
}

uint64_t DebugReporter::LeftOut() const {
  const std::lock_guard lock(mutex_);
  return schedule_.LeftOut(clock_.Now());
}

void DebugReporter::Run() {
  std::unique_lock lock(mutex_);
  uint64_t left_out_before = 0;
  while (!stopped_) {
    const auto blocks = schedule_.TakeDue(clock_.Now());
    if (!blocks.empty()) {
      const auto writer = writer_;
      const uint64_t left_out = schedule_.LeftOut(clock_.Now());
      lock.unlock();
      if (left_out > left_out_before) {
        logger_.Warn(
            "debug blocks were left out, because those before them "
            "took longer than their interval",
            {{"blocks", left_out - left_out_before}});
      }
      left_out_before = left_out;
      Print(blocks, writer);
      lock.lock();
      continue;
    }
    const auto changed = [this, seen = changes_] { return changes_ != seen; };
    if (const auto due = schedule_.NextDue()) {
      clock_.WaitUntil(lock, changed_, *due, changed);
    } else {
      changed_.wait(lock, changed);
    }
  }
}

void DebugReporter::Print(const std::vector<render::DebugBlock>& blocks,
                          const std::shared_ptr<BlockWriter>& writer) {
  const Snapshot snapshot = snapshotter_.Take(
      {std::nullopt, render::CollectorsOf(blocks), kMeasuringBudget});
  const auto written = writer->Write(render::DebugBlocks(
      snapshot, blocks, /*several_targets=*/snapshot.targets.size() > 1));
  if (!written) {
    logger_.Error("debug blocks were not written",
                  {{"error", written.error().message}});
  }
}

}  // namespace leak_exporter
