#include "exporter/debug/block_schedule.h"

#include <algorithm>

namespace leak_exporter {
namespace {

std::optional<std::chrono::nanoseconds> IntervalOf(
    const config::DebuggingConfig& config, render::DebugBlock block) {
  switch (block) {
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
  std::vector<Entry> entries;
  for (const render::DebugBlock block : render::kDebugBlocks) {
    const auto interval = IntervalOf(config, block);
    if (!interval) continue;
    const auto kept =
        std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
          return entry.block == block && entry.interval == *interval;
        });
    entries.push_back(kept != entries_.end() ? *kept
                                             : Entry{block, *interval, now});
  }
  entries_ = std::move(entries);
}

std::optional<BlockSchedule::TimePoint> BlockSchedule::NextDue() const {
  const auto next = std::min_element(
      entries_.begin(), entries_.end(),
      [](const Entry& a, const Entry& b) { return a.next_due < b.next_due; });
  return next == entries_.end() ? std::nullopt : std::optional(next->next_due);
}

std::optional<BlockSchedule::TimePoint::duration>
BlockSchedule::ShortestInterval() const {
  std::optional<TimePoint::duration> shortest;
  for (const Entry& entry : entries_) {
    shortest = std::min(shortest.value_or(entry.interval), entry.interval);
  }
  return shortest;
}

std::vector<render::DebugBlock> BlockSchedule::TakeDue(TimePoint now) {
  std::vector<render::DebugBlock> due;
  for (Entry& entry : entries_) {
    if (entry.next_due > now) continue;
    due.push_back(entry.block);
    const uint64_t missed = Missed(entry, now);
    left_out_ += missed;
    entry.next_due += entry.interval * static_cast<int64_t>(missed + 1);
  }
  return due;
}

uint64_t BlockSchedule::LeftOut(TimePoint now) const {
  uint64_t left_out = left_out_;
  for (const Entry& entry : entries_) left_out += Missed(entry, now);
  return left_out;
}

uint64_t BlockSchedule::Missed(const Entry& entry, TimePoint now) {
  if (entry.next_due > now) return 0;
  return static_cast<uint64_t>((now - entry.next_due) / entry.interval);
}

}  // namespace leak_exporter
