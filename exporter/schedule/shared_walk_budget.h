#pragma once

#include <chrono>
#include <mutex>

#include "metrics/base/clock.h"
#include "metrics/collectors/walk_budget.h"

namespace leak_exporter {

/// Gives a share of one core to walks over heaps, whoever asks. What is not
/// used is saved, but no more than two seconds of it. Thread-safe.
class SharedWalkBudget final : public WalkBudget {
 public:
  /// `clock` must outlive the budget.
  SharedWalkBudget(const Clock& clock, double share)
      : clock_(clock), share_(share), at_(clock.Now()) {}

  /// Changes the share. What was saved or is owed stays.
  void SetShare(double share);

  bool HasAny() override;
  void Spend(std::chrono::nanoseconds cpu_time) override;

 private:
  static constexpr std::chrono::duration<double> kMostSaved{2.0};

  void Earn();

  const Clock& clock_;
  std::mutex mutex_;
  double share_;
  std::chrono::steady_clock::time_point at_;
  /// What may be spent now; negative for a debt.
  std::chrono::duration<double> left_ = kMostSaved;
};

}  // namespace leak_exporter
