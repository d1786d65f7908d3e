#pragma once

#include <sys/types.h>

#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "exporter/cli/listen_address.h"
#include "exporter/log/log.h"
#include "metrics/render/debug/debug_block.h"

namespace leak_exporter {

using render::DebugBlock;

/// How `profile` prints them.
enum class ProfileFormat { kText, kJson };

/// The command line, checked.
struct Options {
  enum class Command { kServe, kProfile, kCheckConfig };

  Command command = Command::kServe;
  /// Never empty for check-config; for the others it may be where `pids` is
  /// not.
  std::string config_file;
  /// Each is a target of its own, in place of those of the file.
  std::vector<pid_t> pids;

  /// Never empty, each address once; serve only.
  std::vector<ListenAddress> listen_addresses;
  /// Nobody asked for `listen_addresses`: where systemd hands sockets over,
  /// they take its place.
  bool default_listen_address = false;
  /// Listen on the sockets that systemd hands over, and on nothing else.
  bool systemd_socket = false;
  /// Begins with a slash; not a path that something else is served at.
  std::string telemetry_path = "/metrics";

  /// Never empty, each block once, in their order; profile only.
  std::vector<render::DebugBlock> profiles;
  ProfileFormat profile_format = ProfileFormat::kText;

  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kLogfmt;
};

/// Why there is nothing to run: help, the version, or a wrong command line.
struct Ending {
  /// Whole lines, for standard output where `exit_code` is 0 and for standard
  /// error where not.
  std::string text;
  int exit_code = 0;
};

/// Parses and checks the command line; opens no file and looks up no process.
tl::expected<Options, Ending> ParseOptions(int argc, const char* const* argv);

}  // namespace leak_exporter
