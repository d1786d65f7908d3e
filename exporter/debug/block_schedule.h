#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "config/config.h"
#include "metrics/render/debug/debug_block.h"

namespace leak_exporter {

/// Knows when each enabled debug block is due. The first is due at once, so
/// that later ones have something to be compared with. The next ones are due at
/// whole multiples of the interval, however long the printing takes; those that
/// were missed are left out. Reads no clock.
class BlockSchedule {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// Replaces the configuration. A block whose interval stays the same stays
  /// due when it was.
  void Configure(const config::DebuggingConfig& config, TimePoint now);

  /// When the next block is due. Absent where no block is enabled.
  std::optional<TimePoint> NextDue() const;

  /// The interval of the block that is printed most often. Absent where no
  /// block is enabled.
  std::optional<TimePoint::duration> ShortestInterval() const;

  /// The blocks that are due now, in the order in which they are printed. Each
  /// is due again at its next multiple.
  std::vector<render::DebugBlock> TakeDue(TimePoint now);

  /// How many blocks have been left out so far, because those before them took
  /// longer than an interval. Counts what is overdue at `now` as well.
  uint64_t LeftOut(TimePoint now) const;

 private:
  struct Entry {
    render::DebugBlock block;
    std::chrono::steady_clock::duration interval;
    TimePoint next_due;
  };

  /// How many intervals beyond the one that is due have passed.
  static uint64_t Missed(const Entry& entry, TimePoint now);

  std::vector<Entry> entries_;
  uint64_t left_out_ = 0;
};

}  // namespace leak_exporter
