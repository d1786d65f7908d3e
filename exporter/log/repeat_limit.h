#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>

namespace leak_exporter {

/// Decides which of many equal events are written, so that something that fails
/// over and over does not flood the log. The first of each kind are written at
/// once, then one for each interval. Not thread-safe.
class RepeatLimit {
 public:
  using TimePoint = std::chrono::system_clock::time_point;

  /// That many equal events are written at once; each `interval` that passes
  /// allows one more.
  static constexpr uint64_t kBurst = 5;
  static constexpr std::chrono::minutes kInterval{1};
  /// When there are more kinds, the one that came least recently is forgotten.
  static constexpr size_t kMostKinds = 256;

  /// `text` is what equal events have in common. Returns how many equal events
  /// have been left out since the last that was written, or nothing if this one
  /// is to be left out too.
  std::optional<uint64_t> Admit(TimePoint now, std::string_view text);

 private:
  struct Kind {
    /// How many may still be written, as of `counted`.
    uint64_t allowed = kBurst;
    TimePoint counted{};
    TimePoint last{};
    uint64_t left_out = 0;
  };

  Kind& Find(TimePoint now, std::string_view text);

  /// By the hash of the text: texts may be long.
  std::unordered_map<size_t, Kind> kinds_;
};

}  // namespace leak_exporter
