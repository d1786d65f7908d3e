#pragma once

#include <chrono>
#include <optional>

#include "metrics/collectors/collector.h"

namespace leak_exporter {

/// The Python heaps of a target's main processes: what gc.get_objects() lists,
/// by type, and what the collector and the allocator say of themselves. Read
/// from outside; see metrics/cpython/measure_python.h.
///
/// A main process that is no CPython is none of its business. Where no main
/// process is one, there is no result and no error: success with the part
/// absent. One that cannot be understood or read makes it fail with the reason;
/// the others are measured all the same.
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
