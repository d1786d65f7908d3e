#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "exporter/cli/checked.h"
#include "exporter/cli/options.h"

namespace leak_exporter {

/// A flag of the command line, declared here and nowhere else: the parser, the
/// help and the suggestions for a mistyped flag read this table. Tests compare
/// it with the manual and with the completions.
struct FlagSpec {
  /// "--pid"
  std::string_view name;
  /// "-h"; empty for most.
  std::string_view short_name = {};
  /// What the help calls the value: "N". Empty for a switch, which has none.
  std::string_view value = {};
  /// One or more sentences, which the help wraps. Empty hides the flag.
  std::string_view help = {};
  /// Only these commands take the flag.
  std::vector<Options::Command> commands = {};
  bool repeatable = false;
  /// A switch that may be on by default: "=false" is stored as well.
  bool takes_off = false;
  /// Checks the value and stores it. The value is never empty, except that of a
  /// switch that is on; one that is off has "false". The error does not name
  /// the flag. Null for flags that ParseOptions itself answers.
  Checked (*set)(const std::string& value, Options& options) = nullptr;

  bool TakesValue() const { return !value.empty(); }
  bool IsFor(Options::Command command) const;
};

/// Every flag, in the order of the help.
const std::vector<FlagSpec>& Flags();

}  // namespace leak_exporter
