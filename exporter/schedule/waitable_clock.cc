#include "exporter/schedule/waitable_clock.h"

namespace leak_exporter {

std::chrono::steady_clock::time_point SystemWaitableClock::Now() const {
  return clock_.Now();
}

std::chrono::nanoseconds SystemWaitableClock::SinceBoot() const {
  return clock_.SinceBoot();
}

std::chrono::system_clock::time_point SystemWaitableClock::WallTime() const {
  return clock_.WallTime();
}

bool SystemWaitableClock::WaitUntil(std::unique_lock<std::mutex>& lock,
                                    std::condition_variable& changed,
                                    std::chrono::steady_clock::time_point at,
                                    const std::function<bool()>& done) const {
  return changed.wait_until(lock, at, done);
}

}  // namespace leak_exporter
