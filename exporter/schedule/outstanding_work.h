#pragma once

#include <chrono>
#include <cstdint>
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
  /// The rules by which the target's processes are found.
  config::MatchConfig rules;

  /// Whether both are the same work. A target that has another name by now is
  /// still the same target if its rules are; so is one that has other rules by
  /// now if its name is, except for the search, which other rules make another
  /// one.
  bool IsSameAs(const WorkKey& other) const {
    if (thing != other.thing) return false;
    if (rules == other.rules) return true;
    return thing != CollectorId::kTargets && target == other.target;
  }
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
    Claim(std::shared_ptr<OutstandingWork> work, uint64_t number)
        : work_(std::move(work)), number_(number) {}
    Claim(Claim&&) noexcept = default;
    Claim& operator=(Claim&&) = delete;
    ~Claim() {
      if (work_ != nullptr) work_->Release(number_);
    }

   private:
    std::shared_ptr<OutstandingWork> work_;
    uint64_t number_;
  };

  /// Returns the claim. If another caller has it, returns since when, and calls
  /// `waiter` once when that other claim ends. A claim keeps this object alive.
  tl::expected<Claim, TimePoint> TryClaim(const WorkKey& key, TimePoint now,
                                          std::weak_ptr<Waiter> waiter);

 private:
  struct Entry {
    uint64_t number = 0;
    WorkKey key;
    TimePoint since;
    std::set<std::weak_ptr<Waiter>, std::owner_less<>> waiters = {};
  };

  void Release(uint64_t number);

  std::mutex mutex_;
  std::vector<Entry> entries_;
  uint64_t claims_ = 0;
};

}  // namespace leak_exporter
