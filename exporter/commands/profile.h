#pragma once

#include <ostream>

#include "exporter/cli/options.h"

namespace leak_exporter {

/// Measures once, prints the blocks that were asked for on `out` and ends.
/// Slow collectors are waited for, a minute at most. What went wrong is said on
/// standard error, as log lines, or on `err` where nothing could be measured.
/// Returns what the program ends with.
int RunProfile(const Options& options, std::ostream& out, std::ostream& err);

}  // namespace leak_exporter
