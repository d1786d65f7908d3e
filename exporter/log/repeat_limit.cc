#include "exporter/log/repeat_limit.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace leak_exporter {

std::optional<uint64_t> RepeatLimit::Admit(TimePoint now,
                                           std::string_view text) {
  Kind& kind = Find(now, text);
  kind.last = now;
  // The wall clock may have been set back.
  kind.counted = std::min(kind.counted, now);
  const auto intervals = (now - kind.counted) / kInterval;
  kind.counted += intervals * kInterval;
  kind.allowed =
      std::min(kBurst, kind.allowed + static_cast<uint64_t>(intervals));
  if (kind.allowed == 0) {
    ++kind.left_out;
    return std::nullopt;
  }
  --kind.allowed;
  return std::exchange(kind.left_out, 0);
}

RepeatLimit::Kind& RepeatLimit::Find(TimePoint now, std::string_view text) {
  const size_t hash = std::hash<std::string_view>()(text);
  if (!kinds_.contains(hash) && kinds_.size() == kMostKinds) {
    kinds_.erase(std::min_element(kinds_.begin(), kinds_.end(),
                                  [](const auto& a, const auto& b) {
                                    return a.second.last < b.second.last;
                                  }));
  }
  return kinds_.try_emplace(hash, Kind{.counted = now}).first->second;
}

}  // namespace leak_exporter
