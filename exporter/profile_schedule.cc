#include "exporter/profile_schedule.h"

#include <algorithm>

namespace leak_exporter {
namespace {

std::optional<std::chrono::nanoseconds> IntervalOf(
    const config::DebuggingConfig& config, render::Profile profile) {
  switch (profile) {
    case render::Profile::kMemory:
      return config.memory_profile_interval;
    case render::Profile::kPid:
      return config.pid_profile_interval;
    case render::Profile::kDisk:
      return config.disk_profile_interval;
    case render::Profile::kMapping:
      return config.mapping_profile_interval;
  }
  return std::nullopt;
}

}  // namespace

void ProfileSchedule::Configure(const config::DebuggingConfig& config,
                                TimePoint now) {
  std::vector<Beat> beats;
  for (const render::Profile profile : render::kProfiles) {
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

std::optional<ProfileSchedule::TimePoint> ProfileSchedule::NextDue() const {
  const auto next = std::min_element(
      beats_.begin(), beats_.end(),
      [](const Beat& a, const Beat& b) { return a.due < b.due; });
  return next == beats_.end() ? std::nullopt : std::optional(next->due);
}

std::vector<render::Profile> ProfileSchedule::TakeDue(TimePoint now) {
  std::vector<render::Profile> due;
  for (Beat& beat : beats_) {
    if (beat.due > now) continue;
    due.push_back(beat.profile);
    beat.due += beat.interval * ((now - beat.due) / beat.interval + 1);
  }
  return due;
}

}  // namespace leak_exporter
