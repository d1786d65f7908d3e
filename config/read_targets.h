#pragma once

#include <vector>

#include "config/config.h"
#include "config/map_reader.h"

namespace leak_exporter::config {

/// Reads the targets of a document from its key `targets`. There must be at
/// least one if they are `required`. Each must have a name of its own and at
/// least one condition.
void ReadTargets(MapReader& document, bool required,
                 std::vector<TargetConfig>& targets);

}  // namespace leak_exporter::config
