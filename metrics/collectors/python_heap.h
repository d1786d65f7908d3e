#pragma once

#include <chrono>
#include <optional>

#include "metrics/collectors/collector.h"

namespace leak_exporter {

/// Measures the Python heaps of a target's main processes from outside: what
/// gc.get_objects() lists, by type, and what the garbage collector and the
/// allocator count themselves. See metrics/cpython/measure_python.h.
///
/// A main process that is no CPython is skipped. If none is one, the run
/// succeeds, its part of the snapshot is absent, and an error of the cause
/// kNotPython says so. Nothing is said of a process that is only starting. A
/// CPython that cannot be read or understood makes the run fail with the
/// reason, but the others are measured all the same.
class PythonHeapCollector final : public Collector {
 public:
  explicit PythonHeapCollector(const config::PythonHeapConfig& config)
      : config_(config) {}

  CollectorId id() const override { return CollectorId::kPythonHeap; }
  std::optional<std::chrono::nanoseconds> BackgroundInterval() const override {
    return config_.min_interval;
  }
  bool Collect(const CollectorContext& context, TargetSnapshot& snapshot,
               ErrorTally& errors) override;

 private:
  config::PythonHeapConfig config_;
};

}  // namespace leak_exporter
