#pragma once

#include <string>
#include <tl/expected.hpp>
#include <vector>

namespace leak_exporter {

/// What stands on the command line, none of its values checked. Values are
/// lists, one entry an occurrence.
struct RawOptions {
  /// "serve", "profile" or "check-config".
  std::string command = "serve";
  bool help = false;
  bool version = false;
  std::vector<std::string> config_file;
  std::vector<std::string> pids;
  std::vector<std::string> listen_addresses;
  bool systemd_socket = false;
  std::vector<std::string> telemetry_path;
  std::vector<std::string> web_config_file;
  std::vector<std::string> log_level;
  std::vector<std::string> log_format;
  std::vector<std::string> profile_format;
  /// The arguments of `profile` and of `check-config`.
  std::vector<std::string> profiles;
  std::vector<std::string> check_config_file;
  /// Words that are neither flags nor arguments of the command.
  std::vector<std::string> rest;
  /// What could have stood there, for suggestions.
  std::vector<std::string> known_flags;
  std::vector<std::string> known_commands;
};

/// Tells flags, their values, the command and its arguments apart. The error
/// is one line.
tl::expected<RawOptions, std::string> SplitCommandLine(int argc,
                                                       const char* const* argv);

}  // namespace leak_exporter
