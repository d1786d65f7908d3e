#pragma once

#include <span>
#include <string>
#include <vector>

#include "metrics/render/debug/debug_block.h"

namespace leak_exporter {

/// The collectors whose results the blocks show.
std::vector<std::string> CollectorsOf(
    std::span<const render::DebugBlock> profiles);

}  // namespace leak_exporter
