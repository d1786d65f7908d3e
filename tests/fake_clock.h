#pragma once

#include <chrono>

#include "metrics/base/clock.h"

namespace leak_exporter {

/// Clocks that stand still until a test moves them. Booted at the Unix time
/// 1700000000.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(std::chrono::nanoseconds since_boot)
      : since_boot_(since_boot) {}

  void Advance(std::chrono::nanoseconds span) { since_boot_ += span; }
  /// Sets the wall clock only, as an administrator may.
  void StepWallTime(std::chrono::nanoseconds span) { step_ += span; }

  std::chrono::steady_clock::time_point Now() const override {
    return std::chrono::steady_clock::time_point(since_boot_);
  }
  std::chrono::nanoseconds SinceBoot() const override { return since_boot_; }
  std::chrono::system_clock::time_point WallTime() const override {
    return std::chrono::system_clock::time_point(
        std::chrono::seconds(1'700'000'000) + since_boot_ + step_);
  }

 private:
  std::chrono::nanoseconds since_boot_;
  std::chrono::nanoseconds step_{};
};

}  // namespace leak_exporter
