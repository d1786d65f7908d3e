#pragma once

#include <mutex>

#include "config/config.h"
#include "metrics/limits/limited_snapshot.h"
#include "metrics/limits/series_limits.h"
#include "metrics/snapshot.h"

namespace leak_exporter::http {

/// The limits on series that all scrapes share, so that they agree on which
/// series there are. Thread-safe.
class SharedLimits {
 public:
  /// Takes a configuration, the first one or another.
  void Configure(const config::Config& config);

  LimitedSnapshot Limit(Snapshot snapshot);

 private:
  std::mutex mutex_;
  SeriesLimits limits_;
};

}  // namespace leak_exporter::http
