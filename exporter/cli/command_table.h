#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/cli/checked.h"
#include "exporter/cli/options.h"

namespace leak_exporter {

/// A command of the program, declared here and nowhere else: the parser, the
/// help and the suggestions for a mistyped command read this table.
struct CommandSpec {
  Options::Command command;
  std::string_view name;
  /// What follows the program's name in the usage.
  std::string_view usage;
  /// One or more sentences, which the help wraps.
  std::string_view help;
  /// Whole command lines without the program's name.
  std::vector<std::string_view> examples;
  /// How many words may follow the command's name.
  size_t most_arguments;
  /// Checks these words and stores them, and checks the flags as a whole.
  /// Called once, after every flag has been stored.
  Checked (*finish)(const std::vector<std::string>& arguments,
                    Options& options);
};

/// Every command, in the order of the help; the first is the default.
const std::vector<CommandSpec>& Commands();

}  // namespace leak_exporter
