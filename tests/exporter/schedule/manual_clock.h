#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <stdexcept>

#include "exporter/schedule/waitable_clock.h"
#include "tests/exporter/schedule/gate.h"

namespace leak_exporter {

/// A clock that stands still until a test moves it. Thread-safe.
class ManualClock final : public WaitableClock {
 public:
  std::chrono::steady_clock::time_point Now() const override {
    const std::lock_guard lock(mutex_);
    return std::chrono::steady_clock::time_point(std::chrono::hours(1)) +
           elapsed_;
  }
  std::chrono::nanoseconds SinceBoot() const override {
    const std::lock_guard lock(mutex_);
    return std::chrono::hours(24) + elapsed_;
  }
  std::chrono::system_clock::time_point WallTime() const override {
    const std::lock_guard lock(mutex_);
    return std::chrono::system_clock::time_point(
        std::chrono::duration_cast<std::chrono::system_clock::duration>(
            std::chrono::seconds(1'700'000'000) + elapsed_));
  }

  bool WaitUntil(std::unique_lock<std::mutex>& lock,
                 std::condition_variable& changed,
                 std::chrono::steady_clock::time_point at,
                 const std::function<bool()>& done) const override {
    const Waiting waiting(*this);
    while (!done()) {
      if (Now() >= at) return false;
      // The notification of a move could be missed, but not for long.
      changed.wait_for(lock, std::chrono::milliseconds(1));
    }
    return true;
  }

  void Advance(std::chrono::nanoseconds span) {
    const std::lock_guard lock(mutex_);
    elapsed_ += span;
  }

  /// Returns once that many threads wait by this clock. Fails the test where
  /// they do not come.
  void AwaitWaiting(int threads) const {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, kTestPatience,
                           [&] { return waiting_ >= threads; })) {
      throw std::runtime_error("nobody waits by the clock");
    }
  }

 private:
  class Waiting {
   public:
    explicit Waiting(const ManualClock& clock) : clock_(clock) { Count(1); }
    ~Waiting() { Count(-1); }

   private:
    void Count(int change) const {
      const std::lock_guard lock(clock_.mutex_);
      clock_.waiting_ += change;
      clock_.changed_.notify_all();
    }

    const ManualClock& clock_;
  };

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  mutable int waiting_ = 0;
  std::chrono::nanoseconds elapsed_{};
};

}  // namespace leak_exporter
