#include "exporter/debug/block_schedule.h"

#include <algorithm>

namespace leak_exporter {
namespace {

std::optional<std::chrono::nanoseconds> IntervalOf(
    const config::DebuggingConfig& config, render::DebugBlock profile) {
  switch (profile) {
    case render::DebugBlock::kMemory:
      return config.memory_profile_interval;
    case render::DebugBlock::kPid:
      return config.pid_profile_interval;
    case render::DebugBlock::kDisk:
      return config.disk_profile_interval;
    case render::DebugBlock::kMapping:
      return config.mapping_profile_interval;
  }
  return std::nullopt;
}

}  // namespace

void BlockSchedule::Configure(const config::DebuggingConfig& config,
                              TimePoint now) {
  std::vector<Beat> beats;
  for (const render::DebugBlock profile : render::kDebugBlocks) {
    const auto interval = IntervalOf(config, profile);
    if (!interval) continue;
    const auto kept =
        std::find_if(beats_.begin(), beats_.end(), [&](const Beat& beat) {
          return beat.profile == profile && beat.interval == *interval;
        });
    beats.push_back(kept != beats_.end() ? *kept
                                         : Beat{profile, *interval, now});
  }
  beats_ = std::move(beats);
}

std::optional<BlockSchedule::TimePoint> BlockSchedule::NextDue() const {
  const auto next = std::min_element(
      beats_.begin(), beats_.end(),
      [](const Beat& a, const Beat& b) { return a.due < b.due; });
  return next == beats_.end() ? std::nullopt : std::optional(next->due);
}

std::vector<render::DebugBlock> BlockSchedule::TakeDue(TimePoint now) {
  std::vector<render::DebugBlock> due;
  for (Beat& beat : beats_) {
    if (beat.due > now) continue;
    due.push_back(beat.profile);
    beat.due += beat.interval * ((now - beat.due) / beat.interval + 1);
  }
  return due;
}

}  // namespace leak_exporter
