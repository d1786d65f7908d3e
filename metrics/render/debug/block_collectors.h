#pragma once

#include <optional>
#include <span>
#include <vector>

#include "metrics/base/collector_id.h"
#include "metrics/render/debug/debug_block.h"

namespace leak_exporter::render {

/// The block that shows a collector's results. Absent if no block shows them.
std::optional<DebugBlock> BlockOf(CollectorId collector);

/// The collectors whose results the blocks show.
std::vector<CollectorId> CollectorsOf(std::span<const DebugBlock> blocks);

}  // namespace leak_exporter::render
