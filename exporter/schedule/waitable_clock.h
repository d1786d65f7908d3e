#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>

#include "metrics/base/clock.h"

namespace leak_exporter {

/// A clock that threads can wait for. Tests move its time and need not sleep.
class WaitableClock : public Clock {
 public:
  /// Waits until `done` returns true, but at most until this clock reaches
  /// `at`. Calls `done` under `lock`, after every notification of `changed`.
  /// Returns its last result.
  virtual bool WaitUntil(std::unique_lock<std::mutex>& lock,
                         std::condition_variable& changed,
                         std::chrono::steady_clock::time_point at,
                         const std::function<bool()>& done) const = 0;
};

/// The machine's own clocks.
class SystemWaitableClock final : public WaitableClock {
 public:
  std::chrono::steady_clock::time_point Now() const override;
  std::chrono::nanoseconds SinceBoot() const override;
  std::chrono::system_clock::time_point WallTime() const override;
  bool WaitUntil(std::unique_lock<std::mutex>& lock,
                 std::condition_variable& changed,
                 std::chrono::steady_clock::time_point at,
                 const std::function<bool()>& done) const override;

 private:
  SystemClock clock_;
};

}  // namespace leak_exporter
