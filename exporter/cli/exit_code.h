#pragma once

namespace leak_exporter {

/// The exit codes of the program.
enum ExitCode : int {
  kExitDone = 0,
  /// The configuration file is wrong, or cannot be read.
  kExitConfiguration = 1,
  /// The command line is wrong.
  kExitCommandLine = 2,
  /// A target given by pid does not exist or may not be read.
  kExitTarget = 3,
  /// An address cannot be bound.
  kExitBind = 4,
};

}  // namespace leak_exporter
