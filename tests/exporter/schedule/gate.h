#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stdexcept>

namespace leak_exporter {

/// How long a test waits for another thread before it fails.
inline constexpr std::chrono::seconds kTestPatience{20};

/// Where a test holds up other threads. Open at first. No wait is for ever:
/// what does not happen within kTestPatience fails the test.
class Gate {
 public:
  void Close() {
    const std::lock_guard lock(mutex_);
    open_ = false;
  }
  void Open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  /// Waits until the gate is open.
  void Pass() {
    std::unique_lock lock(mutex_);
    ++entered_;
    changed_.notify_all();
    changed_.wait_for(lock, kTestPatience, [this] { return open_; });
    ++passed_;
    changed_.notify_all();
  }
  int entered() const {
    const std::lock_guard lock(mutex_);
    return entered_;
  }
  void AwaitEntered(int times) const { Await(entered_, times); }
  void AwaitPassed(int times) const { Await(passed_, times); }

 private:
  void Await(const int& count, int times) const {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, kTestPatience,
                           [&] { return count >= times; })) {
      throw std::runtime_error("nobody came to the gate");
    }
  }

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  bool open_ = true;
  int entered_ = 0;
  int passed_ = 0;
};

}  // namespace leak_exporter
