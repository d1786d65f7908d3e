#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "config/config.h"
#include "metrics/base/collector_id.h"

namespace leak_exporter {

/// What is done for a target: a collector's run, or the search for its
/// processes.
struct WorkKey {
  std::string target;
  CollectorId thing;
  /// Of the search alone: other rules make another search.
  config::MatchConfig rules = {};

  bool operator==(const WorkKey&) const = default;
};

/// The work that is under way, whichever configuration began it. Work that
/// hangs cannot be ended, so the same work is not begun a second time beside
/// it, not even after a reload. Thread-safe.
class OutstandingWork : public std::enable_shared_from_this<OutstandingWork> {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// Told when work that it could not claim has ended.
  class Waiter {
   public:
    virtual ~Waiter() = default;
    /// Called from the thread that ended the work, under no lock.
    virtual void Resume() = 0;
  };

  /// The right to do some work. Gives it back when destroyed, and then tells
  /// those that wait for it.
  class Claim {
   public:
    Claim(std::shared_ptr<OutstandingWork> work, WorkKey key)
        : work_(std::move(work)), key_(std::move(key)) {}
    Claim(Claim&&) noexcept = default;
    Claim& operator=(Claim&&) = delete;
    ~Claim() {
      if (work_ != nullptr) work_->Release(key_);
    }

   private:
    std::shared_ptr<OutstandingWork> work_;
    WorkKey key_;
  };

  /// The claim, or since when another has it. In that case `waiter` is told
  /// once, when that one ends. A claim keeps this object alive.
  tl::expected<Claim, TimePoint> TryClaim(const WorkKey& key, TimePoint now,
                                          std::weak_ptr<Waiter> waiter);

 private:
  struct Entry {
    WorkKey key;
    TimePoint since;
    std::set<std::weak_ptr<Waiter>, std::owner_less<>> waiters = {};
  };

  void Release(const WorkKey& key);

  std::mutex mutex_;
  std::vector<Entry> entries_;
};

}  // namespace leak_exporter
