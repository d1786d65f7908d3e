#include "exporter/debug/debug_reporter.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "metrics/render/debug/block_collectors.h"
#include "metrics/render/debug/debug_text.h"

namespace leak_exporter {
namespace {

// How long a block may wait for its measurement, and for walks in the
// background half an interval at most. After that it shows the last results.
constexpr std::chrono::nanoseconds kMeasuringBudget = std::chrono::seconds(30);

}  // namespace

DebugReporter::DebugReporter(const Snapshotter& snapshotter,
                             const WaitableClock& clock, Logger& logger)
    : snapshotter_(snapshotter), clock_(clock), logger_(logger) {}

void DebugReporter::Configure(const config::DebuggingConfig& config) {
  const std::lock_guard lock(mutex_);
  schedule_.Configure(config, clock_.Now());
  output_ = config.output;
  ++outputs_;
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
      const std::string output = output_;
      const bool is_new = std::exchange(opened_, outputs_) != outputs_;
      const uint64_t left_out = schedule_.LeftOut(clock_.Now());
      const std::chrono::nanoseconds interval =
          schedule_.ShortestInterval().value_or(kMeasuringBudget);
      lock.unlock();
      if (is_new || !writer_) writer_.emplace(output);
      if (left_out > left_out_before) {
        logger_.Warn(
            "debug blocks were left out, because those before them "
            "took longer than their interval",
            {{"blocks", left_out - left_out_before}});
      }
      left_out_before = left_out;
      Print(blocks, std::min(interval / 2, kMeasuringBudget), *writer_);
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
                          std::chrono::nanoseconds background_wait,
                          BlockWriter& writer) {
  const Snapshot snapshot =
      snapshotter_.Take({.collectors = render::CollectorsOf(blocks),
                         .budget = kMeasuringBudget,
                         .background_wait = background_wait});
  render::ShownChildren shown;
  if (std::ranges::find(blocks, render::DebugBlock::kMemory) != blocks.end()) {
    shown = growing_.Update(snapshot);
  }
  std::string text = render::DebugBlocks(
      snapshot, blocks, /*several_targets=*/snapshot.targets.size() > 1, shown);
  // What broke off amid a line must not hide the next block's first one.
  if (failed_before_) text.insert(0, 1, '\n');
  const auto written = writer.Write(text);
  failed_before_ = !written;
  if (!written) {
    logger_.Error("debug blocks were not written",
                  {{"error", written.error().message}});
  }
}

}  // namespace leak_exporter
