#include "exporter/schedule/outstanding_looks.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace leak_exporter {
namespace {

// How often whoever waits looks whether the look is alive, and whether the
// pool's threads hang.
constexpr std::chrono::milliseconds kReliefInterval{250};

/// Counts how often it is asked. What asks for the time is alive.
class CountingClock final : public Clock {
 public:
  explicit CountingClock(const Clock& clock) : clock_(clock) {}

  std::chrono::steady_clock::time_point Now() const override {
    asked_.fetch_add(1, std::memory_order_relaxed);
    return clock_.Now();
  }
  std::chrono::nanoseconds SinceBoot() const override {
    return clock_.SinceBoot();
  }
  std::chrono::system_clock::time_point WallTime() const override {
    return clock_.WallTime();
  }

  uint64_t asked() const { return asked_.load(std::memory_order_relaxed); }

 private:
  const Clock& clock_;
  mutable std::atomic<uint64_t> asked_ = 0;
};

}  // namespace

struct OutstandingLooks::Outstanding {
  Outstanding(Look its_look, const Clock& its_clock, TimePoint its_deadline)
      : look(std::move(its_look)),
        clock(its_clock),
        deadline(its_deadline),
        alive_at(its_clock.Now()) {}

  Look look;
  const CountingClock clock;
  const TimePoint deadline;
  /// What `clock` had counted when it was last seen to count on.
  uint64_t seen = 0;
  TimePoint alive_at;
  bool ended = false;
  /// Whether it ended after its deadline, and so may have been cut off.
  bool late = false;
  Look::Finding found = nullptr;
  /// What was thrown instead says. The thread that threw it may end before
  /// those that wait, so they share no exception.
  std::optional<std::string> failure;
};

OutstandingLooks::OutstandingLooks(WorkerPool& pool, const WaitableClock& clock,
                                   const LookLimits& limits)
    : pool_(pool), clock_(clock), limits_(limits) {}

OutstandingLooks::~OutstandingLooks() = default;

Result<Look::Finding> OutstandingLooks::Await(Look look,
                                              const Deadline& deadline) {
  Lock lock(mutex_);
  while (!stopped_) {
    Shared shared = Find(look.key);
    const bool joins = shared != nullptr;
    const bool answers =
        !joins || (look.question && look.question == shared->look.question);
    if (!joins) {
      auto begun = Begin(look, deadline.at());
      if (!begun) return tl::unexpected<Error>(begun.error());
      shared = *std::move(begun);
    }
    if (!AwaitEnd(lock, *shared, deadline)) {
      if (stopped_) break;
      return Failure(ETIMEDOUT,
                     look.name + (deadline.Expired() ? ": not looked at in time"
                                                     : ": does not answer"));
    }
    // Another caller's time may have been shorter.
    if (joins && shared->late && !deadline.Expired()) continue;
    if (!answers) continue;
    if (shared->failure) throw std::runtime_error(*shared->failure);
    return shared->found;
  }
  return Failure(ECANCELED, look.name + ": the exporter is ending");
}

void OutstandingLooks::Stop() {
  const Lock lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
}

OutstandingLooks::Shared OutstandingLooks::Find(const LookKey& key) const {
  const auto found =
      std::ranges::find_if(outstanding_, [&key](const Shared& outstanding) {
        return outstanding->look.key == key;
      });
  return found == outstanding_.end() ? nullptr : *found;
}

/// `lock` of the caller is held. An error if there is no thread for it; the
/// look is begun later then.
Result<OutstandingLooks::Shared> OutstandingLooks::Begin(Look& look,
                                                         TimePoint deadline) {
  if (outstanding_.size() >= limits_.most_outstanding) {
    return Failure(EFBIG, look.name + ": not looked at, because " +
                              std::to_string(outstanding_.size()) +
                              " looks at directories do not come back");
  }
  const auto begun = std::make_shared<Outstanding>(look, clock_, deadline);
  outstanding_.push_back(begun);
  const auto submitted =
      pool_.Submit([self = shared_from_this(), begun] { self->Run(begun); });
  if (!submitted) {
    return Failure(submitted.error().code,
                   look.name + ": " + submitted.error().message);
  }
  return begun;
}

/// Returns false if the look hangs, past the deadline, and after Stop().
bool OutstandingLooks::AwaitEnd(Lock& lock, Outstanding& look,
                                const Deadline& deadline) {
  while (!look.ended && !stopped_) {
    const TimePoint now = clock_.Now();
    if (const uint64_t asked = look.clock.asked(); asked != look.seen) {
      look.seen = asked;
      look.alive_at = now;
    }
    const TimePoint until =
        std::min(deadline.at(), look.alive_at + limits_.patience);
    if (now >= until) return false;
    if (!clock_.WaitUntil(lock, changed_,
                          std::min(until, now + kReliefInterval),
                          [&] { return look.ended || stopped_; })) {
      pool_.Relieve();
    }
  }
  return look.ended;
}

/// Runs on a thread of the pool.
void OutstandingLooks::Run(const Shared& look) {
  Look::Finding found;
  std::optional<std::string> failure;
  try {
    found = look->look.work(Deadline(look->clock, look->deadline));
  } catch (const std::exception& thrown) {
    failure = thrown.what();
  }
  // What the work holds must be gone before it counts as done.
  look->look.work = nullptr;
  const TimePoint now = clock_.Now();
  const Lock lock(mutex_);
  look->found = std::move(found);
  look->failure = std::move(failure);
  look->late = now >= look->deadline;
  look->ended = true;
  std::erase(outstanding_, look);
  changed_.notify_all();
}

}  // namespace leak_exporter
