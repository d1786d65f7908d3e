#pragma once

#include <chrono>

#include "metrics/base/clock.h"

namespace leak_exporter {

/// The moment at which work stops and hands over what it has. The deadline
/// refers to its clock, which must outlive it.
class Deadline {
 public:
  Deadline(const Clock& clock, std::chrono::steady_clock::time_point at)
      : clock_(&clock), at_(at) {}

  /// The deadline that is `span` from now.
  static Deadline After(const Clock& clock, std::chrono::nanoseconds span) {
    return Deadline(
        clock,
        clock.Now() +
            std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                span));
  }
  /// A deadline that never expires.
  static Deadline Never(const Clock& clock) {
    return Deadline(clock, std::chrono::steady_clock::time_point::max());
  }

  /// The deadline that is `span` after this one.
  Deadline Later(std::chrono::nanoseconds span) const {
    const auto never = std::chrono::steady_clock::time_point::max();
    return Deadline(*clock_, at_ > never - span ? never : at_ + span);
  }

  /// Whether the moment has come.
  bool Expired() const { return clock_->Now() >= at_; }
  std::chrono::steady_clock::time_point at() const { return at_; }

 private:
  const Clock* clock_;
  std::chrono::steady_clock::time_point at_;
};

}  // namespace leak_exporter
