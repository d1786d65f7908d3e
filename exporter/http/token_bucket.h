#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>

#include "metrics/base/clock.h"

namespace leak_exporter::http {

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
  const std::chrono::nanoseconds interval_;
  const std::chrono::nanoseconds whole_;
  const Clock& clock_;
  std::mutex mutex_;
  /// When the bucket will be full.
  std::chrono::steady_clock::time_point full_at_{};
};

}  // namespace leak_exporter::http
