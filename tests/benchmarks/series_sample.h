#pragma once

#include <prometheus/metric_family.h>
#include <prometheus/registry.h>

#include <vector>

#include "config/config.h"
#include "metrics/snapshot.h"

namespace leak_exporter {

/// Forty targets that have something of every collector: about 10,000 series.
Snapshot SampleOfTenThousandSeries();
/// The configuration that would have such targets.
config::Config ConfigOfTenThousandSeries();

/// Puts the same series into a Registry, as gauges that hold their values.
void FillRegistry(const std::vector<prometheus::MetricFamily>& families,
                  prometheus::Registry& registry);

}  // namespace leak_exporter
