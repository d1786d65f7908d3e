#pragma once

#include <chrono>

namespace leak_exporter {

/// The clocks that measurements need, as a parameter, so that tests choose the
/// time. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;

  /// The clock for deadlines and durations (CLOCK_MONOTONIC).
  virtual std::chrono::steady_clock::time_point Now() const = 0;
  /// The time since boot, suspend included (CLOCK_BOOTTIME). The start times of
  /// processes are on this clock (proc(5)).
  virtual std::chrono::nanoseconds SinceBoot() const = 0;
  /// The clock for timestamps that leave the program (CLOCK_REALTIME).
  virtual std::chrono::system_clock::time_point WallTime() const = 0;
};

/// The machine's own clocks.
class SystemClock final : public Clock {
 public:
  std::chrono::steady_clock::time_point Now() const override;
  std::chrono::nanoseconds SinceBoot() const override;
  std::chrono::system_clock::time_point WallTime() const override;
};

}  // namespace leak_exporter
