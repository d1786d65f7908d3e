#include "exporter/schedule/shared_walk_budget.h"

#include <algorithm>

namespace leak_exporter {

void SharedWalkBudget::SetShare(double share) {
  const std::lock_guard lock(mutex_);
  Earn();
  share_ = share;
}

bool SharedWalkBudget::HasAny() {
  const std::lock_guard lock(mutex_);
  Earn();
  return left_.count() > 0;
}

void SharedWalkBudget::Spend(std::chrono::nanoseconds cpu_time) {
  const std::lock_guard lock(mutex_);
  Earn();
  left_ -= cpu_time;
}

void SharedWalkBudget::Earn() {
  const auto now = clock_.Now();
  const std::chrono::duration<double> earned = share_ * (now - at_);
  left_ = std::min(kMostSaved, left_ + earned);
  at_ = now;
}

}  // namespace leak_exporter
