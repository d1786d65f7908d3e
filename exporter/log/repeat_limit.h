#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>

namespace leak_exporter {

/// Decides which of many equal events are written, so that a repeated failure
/// does not flood the log. The first ones of a kind are written at once, the
/// next ones at one per interval. Not thread-safe.
class RepeatLimit {
 public:
  using TimePoint = std::chrono::system_clock::time_point;

  /// This many equal events may be written at once. Each interval that passes
  /// allows one more.
  static constexpr uint64_t kBurst = 5;
  static constexpr std::chrono::minutes kInterval{1};
  /// If there are more kinds, the least recent one is forgotten.
  static constexpr size_t kMostKinds = 256;

  /// Takes an event; events with the same `text` are equal. Absent if this
  /// event is to be left out. Otherwise the number of equal events that were
  /// left out since the last one was written.
  std::optional<uint64_t> Admit(TimePoint now, std::string_view text);

 private:
  struct Kind {
    /// How many may be written without waiting, as of `counted`.
    uint64_t allowed = kBurst;
    TimePoint counted{};
    TimePoint last{};
    uint64_t left_out = 0;
  };

  Kind& Find(TimePoint now, std::string_view text);

  /// The key is the hash of the text, because texts may be long.
  std::unordered_map<size_t, Kind> kinds_;
};

}  // namespace leak_exporter
