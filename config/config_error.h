#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace leak_exporter::config {

/// A place in a file. Lines and columns count from 1, and columns count code
/// points. Both are 0 for the file as a whole.
struct Position {
  int line = 0;
  int column = 0;

  auto operator<=>(const Position&) const = default;
};

/// One thing that is wrong in a configuration.
struct ConfigError {
  Position position;
  /// The key that the error is about, such as "debugging.pid_profile.interval".
  /// Empty where it is about none.
  std::string key;
  /// One line: what is wrong, and what was expected.
  std::string message;

  bool operator==(const ConfigError&) const = default;
};

/// All that is wrong, sorted by position. A result is never an empty list of
/// errors.
using ConfigErrors = std::vector<ConfigError>;

/// One line: "leak_exporter.yml:12:17: debugging.pid_profile.interval: '5' has
/// no unit; expected a duration such as 5 minutes". A position or key that is
/// absent is left out.
std::string ToString(std::string_view file, const ConfigError& error);
/// The same for each of several errors.
std::vector<std::string> ToStrings(std::string_view file,
                                   const ConfigErrors& errors);

}  // namespace leak_exporter::config
