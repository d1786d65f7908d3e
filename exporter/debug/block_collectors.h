#pragma once

#include <span>
#include <string>
#include <vector>

#include "metrics/render/debug/debug_block.h"

namespace leak_exporter {

/// Names the collectors whose results these blocks show.
std::vector<std::string> CollectorsOf(
    std::span<const render::DebugBlock> blocks);

}  // namespace leak_exporter
