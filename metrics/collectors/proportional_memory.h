#pragma once

#include <chrono>
#include <optional>

#include "config/config.h"
#include "metrics/collectors/collector.h"

namespace leak_exporter {

/// Measures PSS and USS, from /proc/PID/smaps_rollup, in a background worker at
/// an interval of its own. While the kernel walks a process's page tables (33
/// ms for 8 GB), mmap calls of that process wait. Processes over the ceiling on
/// RSS, and those in state D, are therefore left out and counted as errors.
class ProportionalMemoryCollector final : public Collector {
 public:
  explicit ProportionalMemoryCollector(const config::MemoryConfig& config)
      : config_(config) {}

  CollectorId id() const override { return CollectorId::kSmaps; }
  std::optional<std::chrono::nanoseconds> BackgroundInterval() const override {
    return config_.smaps_interval;
  }
  bool Collect(const CollectorContext& context, TargetSnapshot& snapshot,
               ErrorTally& errors) override;

 private:
  config::MemoryConfig config_;
};

}  // namespace leak_exporter
