#pragma once

#include <ostream>

#include "exporter/cli/options.h"

namespace leak_exporter {

/// Measures once and prints the requested debug blocks to `out`. Waits at most
/// a minute for slow collectors. Logs problems to standard error; if it cannot
/// measure at all, prints the reason to `err`. Returns the exit code, or ends
/// the program with it if a thread hangs.
int RunProfile(const Options& options, std::ostream& out, std::ostream& err);

}  // namespace leak_exporter
