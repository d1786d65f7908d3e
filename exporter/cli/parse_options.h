#pragma once

#include <string>
#include <tl/expected.hpp>

#include "exporter/cli/options.h"

namespace leak_exporter {

/// Why there is nothing to run: help, the version, or a wrong command line.
struct Ending {
  /// Whole lines, for standard output if `exit_code` is 0 and for standard
  /// error if not.
  std::string text;
  int exit_code = 0;
};

/// Parses and checks the command line. Opens no file and looks up no process.
///
/// Flags may stand before and after the command. A value follows its flag after
/// '=' or as the next word. The word "--" ends the flags.
tl::expected<Options, Ending> ParseOptions(int argc, const char* const* argv);

}  // namespace leak_exporter
