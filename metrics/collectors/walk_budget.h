#pragma once

#include <chrono>

namespace leak_exporter {

/// How much CPU time may go into walks over heaps, for all who share the
/// budget. Thread-safe.
class WalkBudget {
 public:
  virtual ~WalkBudget() = default;

  /// Whether a walk may begin now. It may take more than there is, which leaves
  /// a debt.
  virtual bool HasAny() = 0;
  virtual void Spend(std::chrono::nanoseconds cpu_time) = 0;
};

}  // namespace leak_exporter
