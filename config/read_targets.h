#pragma once

#include <vector>

#include "config/config.h"
#include "config/map_reader.h"

namespace leak_exporter::config {

/// Reads the document's key `targets`: at least one where they are required,
/// each with a name of its own and at least one condition.
void ReadTargets(MapReader& document, bool required,
                 std::vector<TargetConfig>& targets);

}  // namespace leak_exporter::config
