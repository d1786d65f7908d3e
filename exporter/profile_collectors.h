#pragma once

#include <span>
#include <string>
#include <vector>

#include "metrics/render/profile.h"

namespace leak_exporter {

/// The collectors whose results the blocks show.
std::vector<std::string> CollectorsOf(
    std::span<const render::Profile> profiles);

}  // namespace leak_exporter
