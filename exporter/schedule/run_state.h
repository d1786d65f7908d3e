#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

namespace leak_exporter {

/// The state of work that never runs twice at once, and its last result. Not
/// thread-safe: the owner holds its lock around every call, and does the work
/// itself without the lock.
template <typename Result>
class RunState {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// A run under way.
  struct Current {
    /// The measurement that it belongs to.
    uint64_t measurement = 0;
    TimePoint started{};
    TimePoint deadline{};
  };

  /// A run that ended.
  struct Last {
    Result result;
    uint64_t measurement = 0;
    TimePoint ended{};
  };

  bool running() const { return current_.has_value(); }
  /// Null if no run is under way.
  const Current* current() const { return current_ ? &*current_ : nullptr; }
  /// Null until the first run has ended.
  const Last* last() const { return last_ ? &*last_ : nullptr; }

  /// Whether there is no result younger than `age`. A run that is under way has
  /// no result yet.
  bool IsOlderThan(std::chrono::nanoseconds age, TimePoint now) const {
    return !last_ || now - last_->ended >= age;
  }

  /// Whether the measurement of this number, or a later one, has a result.
  bool HasResultOf(uint64_t measurement) const {
    return last_ && last_->measurement >= measurement;
  }

  /// Whether the run under way has exceeded its deadline.
  bool IsOverdue(TimePoint now) const {
    return current_ && now >= current_->deadline;
  }

  void Begin(const Current& run) { current_ = run; }

  /// Ends the run that is under way, with `result`.
  void End(Result result, TimePoint now) {
    last_ = Last{std::move(result), current_->measurement, now};
    current_.reset();
  }

 private:
  std::optional<Current> current_;
  std::optional<Last> last_;
};

}  // namespace leak_exporter
