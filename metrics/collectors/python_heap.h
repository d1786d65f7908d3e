#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "metrics/collectors/collector.h"
#include "metrics/collectors/support/heap_ledger.h"
#include "metrics/collectors/walk_budget.h"
#include "metrics/disk/file_id.h"

namespace leak_exporter {

/// Measures the Python heaps of a target's processes from outside: what
/// gc.get_objects() lists, by type, and what the garbage collector and the
/// allocator count themselves. See metrics/cpython/measure_python.h.
///
/// A run looks at as many processes as the budget allows, in turn, and at one
/// that has not run since it was looked at not again. The sums are over what
/// was last found in each. A main process of which nothing is known is looked
/// at in any case.
///
/// A process that is no CPython is skipped. If none is one, the run succeeds,
/// its part of the snapshot is absent, and an error of the cause kNotPython
/// says so. Nothing is said of a process that is only starting. A main process
/// that cannot be read or understood makes the run fail with the reason, but
/// the others are measured all the same.
class PythonHeapCollector final : public Collector {
 public:
  PythonHeapCollector(const config::PythonHeapConfig& config,
                      std::shared_ptr<WalkBudget> budget)
      : config_(config),
        budget_(std::move(budget)),
        ledger_({.listed_children = config.max_processes}) {}

  CollectorId id() const override { return CollectorId::kPythonHeap; }
  std::optional<std::chrono::nanoseconds> BackgroundInterval() const override {
    return config_.min_interval;
  }
  bool Collect(const CollectorContext& context, TargetSnapshot& snapshot,
               ErrorTally& errors) override;

 private:
  class Run;

  const config::PythonHeapConfig config_;
  const std::shared_ptr<WalkBudget> budget_;
  HeapLedger ledger_;
  /// Programs that were Pythons.
  std::set<FileId> python_exes_;
  /// Whether there was no budget for any child in the last run.
  bool children_waited_ = false;
};

}  // namespace leak_exporter
