#pragma once

#include <memory>
#include <vector>

#include "config/config.h"
#include "metrics/collectors/collector.h"
#include "metrics/disk/directory_looks.h"

namespace leak_exporter {

/// Makes the collectors that are enabled, in the order of CollectorId. They
/// share `looks`.
std::vector<std::unique_ptr<Collector>> MakeCollectors(
    const config::CollectorsConfig& config,
    const std::shared_ptr<DirectoryLooks>& looks);

}  // namespace leak_exporter
