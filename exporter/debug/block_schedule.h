#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "config/config.h"
#include "metrics/render/debug/debug_block.h"

namespace leak_exporter {

/// When each enabled debug block is due: at once, as what later ones are
/// compared with, and then at whole multiples of its interval, however long
/// the printing takes. Beats that were missed are left out. Touches no clock.
class BlockSchedule {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// Takes another configuration; a block whose interval has not changed keeps
  /// its beat.
  void Configure(const config::DebuggingConfig& config, TimePoint now);

  /// The next beat of any; absent where no block is enabled.
  std::optional<TimePoint> NextDue() const;

  /// Those that are due now, in the order in which they are printed.
  std::vector<render::DebugBlock> TakeDue(TimePoint now);

 private:
  struct Beat {
    render::DebugBlock profile;
    std::chrono::steady_clock::duration interval;
    TimePoint due;
  };

  std::vector<Beat> beats_;
};

}  // namespace leak_exporter
