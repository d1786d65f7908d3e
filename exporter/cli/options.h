#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "exporter/cli/listen_address.h"
#include "exporter/log/log.h"
#include "exporter/system/syscall_filter.h"
#include "metrics/render/debug/debug_block.h"

namespace leak_exporter {

using render::DebugBlock;

/// How `profile` prints its blocks.
enum class BlockFormat { kText, kJson };

/// The command line after it has been checked.
struct Options {
  enum class Command { kServe, kProfile, kCheckConfig };

  Command command = Command::kServe;
  /// check-config always has a file; serve and profile have a file, pids or
  /// both.
  std::string config_file;
  /// Each pid is a target of its own. Pids replace the targets of the file.
  std::vector<pid_t> pids;

  /// For serve: at least one address, none of them twice.
  std::vector<ListenAddress> listen_addresses;
  /// The user gave no address, so that sockets which systemd hands over replace
  /// `listen_addresses`.
  bool default_listen_address = false;
  /// Listen only on the sockets that systemd hands over.
  bool systemd_socket = false;
  /// Begins with a slash, and nothing else is served there.
  std::string telemetry_path = "/metrics";
  size_t max_connections = 64;
  /// Empty if there is none.
  std::string web_config_file;
  /// Who may reload over HTTP: everybody or nobody. Absent means the clients
  /// that may see everything.
  std::optional<bool> enable_lifecycle;
  /// Whether the debug blocks are served.
  bool enable_debug = true;

  /// For profile: at least one block, none of them twice, in the order of
  /// render::kDebugBlocks.
  std::vector<DebugBlock> blocks;
  BlockFormat block_format = BlockFormat::kText;

  /// What becomes of system calls that the program does not need. For serve and
  /// profile.
  UnneededCalls unneeded_calls = UnneededCalls::kRefuse;

  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kLogfmt;
};

}  // namespace leak_exporter
