#pragma once

#include <memory>
#include <vector>

#include "config/config.h"
#include "metrics/collectors/collector.h"
#include "metrics/collectors/walk_budget.h"
#include "metrics/disk/directory_looks.h"

namespace leak_exporter {

/// Makes the collectors that are enabled, in the order of CollectorId. They
/// share `looks` and `budget`.
std::vector<std::unique_ptr<Collector>> MakeCollectors(
    const config::CollectorsConfig& config,
    const std::shared_ptr<DirectoryLooks>& looks,
    const std::shared_ptr<WalkBudget>& budget);

}  // namespace leak_exporter
