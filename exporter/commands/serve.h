#pragma once

#include <ostream>

#include "exporter/cli/options.h"

namespace leak_exporter {

/// Serves the metrics and prints the debug blocks until SIGTERM or SIGINT.
/// Listens only after the configuration has proved right, and before the first
/// measurement. If it cannot start, prints the reason to `err`; later events
/// are logged to standard error. Called from the main thread, before any other
/// is started.
///
/// Returns the exit code within a second of the signal. If a thread hangs, be
/// it in a collector or in the log, ends the program with that code instead.
int RunServe(const Options& options, std::ostream& err);

}  // namespace leak_exporter
