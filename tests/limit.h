#pragma once

#include <utility>
#include <vector>

#include "config/config.h"
#include "metrics/limits/limited_snapshot.h"
#include "metrics/limits/series_limits.h"
#include "metrics/snapshot.h"

namespace leak_exporter {

/// A snapshot as series show it, with the limits of a program that has just
/// started and so has nothing to remember.
inline LimitedSnapshot LimitAtOnce(Snapshot snapshot,
                                   const config::CollectorsConfig& tops = {}) {
  config::Config config;
  config.collectors = tops;
  SeriesLimits limits;
  limits.Configure(config);
  const std::vector<RowChoice> choices = limits.Choose(snapshot);
  return Limit(std::move(snapshot), choices);
}

}  // namespace leak_exporter
