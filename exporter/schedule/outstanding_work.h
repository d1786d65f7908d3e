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

/// Names a piece of work for a target: a collector's run, or the search for
/// the target's processes.
struct WorkKey {
  std::string target;
  CollectorId thing;
  /// Set for a search only. A search by other rules is other work.
  config::MatchConfig rules = {};

  bool operator==(const WorkKey&) const = default;
};

/// Knows all work that is under way, also work that began under an earlier
/// configuration. Nothing can end work that hangs. Therefore the same work
/// never begins a second time beside it, not even after a reload. Thread-safe.
class OutstandingWork : public std::enable_shared_from_this<OutstandingWork> {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// Wants to know when work has ended that it could not claim.
  class Waiter {
   public:
    virtual ~Waiter() = default;
    /// Called by the thread that ended the work. It holds no lock.
    virtual void Resume() = 0;
  };

  /// The right to do a piece of work. Its destructor gives the right back and
  /// then calls the waiters.
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

  /// Returns the claim. If another caller has it, returns since when, and calls
  /// `waiter` once when that other claim ends. A claim keeps this object alive.
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
