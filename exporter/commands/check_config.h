#pragma once

#include <ostream>

#include "exporter/cli/options.h"

namespace leak_exporter {

/// Loads the file and says how many targets it has, on `out`, or every mistake
/// in it, on `err`. Returns what the program ends with.
int RunCheckConfig(const Options& options, std::ostream& out,
                   std::ostream& err);

}  // namespace leak_exporter
