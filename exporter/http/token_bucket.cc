#include "exporter/http/token_bucket.h"

#include <algorithm>
#include <limits>

namespace leak_exporter::http {
namespace {

using std::chrono::nanoseconds;

/// No overflow: a century is as good as forever.
nanoseconds Times(nanoseconds interval, size_t count) {
  constexpr nanoseconds kMost{std::numeric_limits<int64_t>::max() / 4};
  const auto times = static_cast<int64_t>(
      std::min<size_t>(count, std::numeric_limits<int32_t>::max()));
  return interval > kMost / std::max<int64_t>(times, 1) ? kMost
                                                        : interval * times;
}

}  // namespace

TokenBucket::TokenBucket(nanoseconds interval, size_t burst, const Clock& clock)
    : interval_(std::max(interval, nanoseconds(1))),
      whole_(Times(interval_, burst)),
      clock_(clock) {}

std::optional<nanoseconds> TokenBucket::Take() {
  const auto now = clock_.Now();
  const std::lock_guard lock(mutex_);
  const auto full_at = std::max(full_at_, now) + interval_;
  if (full_at - now > whole_) return full_at - now - whole_;
  full_at_ = full_at;
  return std::nullopt;
}

}  // namespace leak_exporter::http
