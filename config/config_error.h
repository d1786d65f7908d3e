#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace leak_exporter::config {

/// Where something stands in a file, from 1; columns count code points. Zero
/// where it is about the file as a whole.
struct Position {
  int line = 0;
  int column = 0;

  auto operator<=>(const Position&) const = default;
};

/// One thing that is wrong in a configuration.
struct ConfigError {
  Position position;
  /// "debugging.pid_profile.interval"; empty where it is about no key.
  std::string key;
  /// One line: what is wrong, and what was expected.
  std::string message;

  bool operator==(const ConfigError&) const = default;
};

/// Sorted by position, never empty where they are a result.
using ConfigErrors = std::vector<ConfigError>;

/// "leak_exporter.yml:12:17: debugging.pid_profile.interval: '5' has no unit;
/// expected a duration such as 5 minutes", without what is absent.
std::string ToString(std::string_view file, const ConfigError& error);
std::vector<std::string> ToStrings(std::string_view file,
                                   const ConfigErrors& errors);

}  // namespace leak_exporter::config
