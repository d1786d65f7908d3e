#pragma once

#include <memory>
#include <vector>

#include "config/config.h"
#include "metrics/collectors/collector.h"

namespace leak_exporter {

/// Makes the collectors that are enabled, in the order of CollectorId.
std::vector<std::unique_ptr<Collector>> MakeCollectors(
    const config::CollectorsConfig& config);

}  // namespace leak_exporter
