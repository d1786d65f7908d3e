#pragma once

#include <chrono>
#include <cstdint>

#include "metrics/base/clock.h"

namespace leak_exporter {

/// Each look at it takes a millisecond.
class TickingClock final : public Clock {
 public:
  std::chrono::steady_clock::time_point Now() const override {
    return std::chrono::steady_clock::time_point(
        std::chrono::milliseconds(++looks_));
  }
  std::chrono::nanoseconds SinceBoot() const override { return {}; }
  std::chrono::system_clock::time_point WallTime() const override { return {}; }

  uint64_t looks() const { return looks_; }

 private:
  mutable uint64_t looks_ = 0;
};

}  // namespace leak_exporter
