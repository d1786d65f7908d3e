#pragma once

#include <ostream>

#include "exporter/cli/options.h"

namespace leak_exporter {

/// Serves the metrics and prints the debug blocks until SIGTERM or SIGINT.
/// Listens only once the configuration is known to be right, and before the
/// first measurement. Why it could not start is said on `err`, what happens
/// later on standard error as log lines. Called from the main thread, before
/// any other is started; returns what the program ends with, within a second of
/// the signal even where collectors hang.
int RunServe(const Options& options, std::ostream& err);

}  // namespace leak_exporter
