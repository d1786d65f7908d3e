#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

namespace leak_exporter {

/// Work that is never under way twice, and the last result of it. Plain state:
/// the owner holds its lock around every call, and does the work outside of it.
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
  /// Null where none is under way.
  const Current* current() const { return current_ ? &*current_ : nullptr; }
  /// Null before the first has ended.
  const Last* last() const { return last_ ? &*last_ : nullptr; }

  /// Whether no result is younger than `age`. One under way is none yet.
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

  /// The run under way has ended with this.
  void End(Result result, TimePoint now) {
    last_ = Last{std::move(result), current_->measurement, now};
    current_.reset();
  }

 private:
  std::optional<Current> current_;
  std::optional<Last> last_;
};

}  // namespace leak_exporter
