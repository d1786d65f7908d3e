#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>

#include "metrics/base/clock.h"

namespace leak_exporter::http {

/// How often something may be done: a token comes back each `interval`, up to
/// `burst`.
struct TokenRate {
  std::chrono::nanoseconds interval;
  size_t burst;
};

/// Takes a token from the bucket that will be full at `full_at`, which is any
/// time that has passed for a full one. Absent if there was a token, else the
/// time until there is.
std::optional<std::chrono::nanoseconds> TakeToken(
    const TokenRate& rate, std::chrono::steady_clock::time_point now,
    std::chrono::steady_clock::time_point& full_at);

/// Limits how often something is done. Thread-safe.
class TokenBucket {
 public:
  /// A token comes back each `interval`, up to `burst`. The bucket is full at
  /// first. `clock` must outlive this object.
  TokenBucket(std::chrono::nanoseconds interval, size_t burst,
              const Clock& clock);

  /// Takes a token. Absent if there was one, else the time until there is.
  std::optional<std::chrono::nanoseconds> Take();

 private:
  const TokenRate rate_;
  const Clock& clock_;
  std::mutex mutex_;
  /// When the bucket will be full.
  std::chrono::steady_clock::time_point full_at_{};
};

}  // namespace leak_exporter::http
