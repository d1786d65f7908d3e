#include "exporter/http/auth/token_bucket.h"

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

std::optional<nanoseconds> TakeToken(
    const TokenRate& rate, std::chrono::steady_clock::time_point now,
    std::chrono::steady_clock::time_point& full_at) {
  const nanoseconds interval = std::max(rate.interval, nanoseconds(1));
  const nanoseconds whole = Times(interval, rate.burst);
  const auto full_then = std::max(full_at, now) + interval;
  if (full_then - now > whole) return full_then - now - whole;
  full_at = full_then;
  return std::nullopt;
}

TokenBucket::TokenBucket(nanoseconds interval, size_t burst, const Clock& clock)
    : rate_{interval, burst}, clock_(clock) {}

std::optional<nanoseconds> TokenBucket::Take() {
  const auto now = clock_.Now();
  const std::lock_guard lock(mutex_);
  return TakeToken(rate_, now, full_at_);
}

}  // namespace leak_exporter::http
