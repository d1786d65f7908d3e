#pragma once

#include <ostream>

#include "exporter/cli/options.h"

namespace leak_exporter {

/// Loads the file. Prints the number of its targets to `out`, or every mistake
/// in it to `err`. Returns the exit code.
int RunCheckConfig(const Options& options, std::ostream& out,
                   std::ostream& err);

}  // namespace leak_exporter
