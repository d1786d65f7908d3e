#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace leak_exporter {

/// Where the exporter listens: a TCP address or a Unix socket.
struct ListenAddress {
  /// A name or a numeric address without brackets; empty means every address
  /// of the machine, IPv6 and IPv4. Resolved when it is bound.
  std::string host;
  /// 0 lets the kernel choose.
  uint16_t port = 0;
  /// Absolute path of a Unix socket. If it is set, host and port are not used.
  /// Empty for TCP.
  std::string unix_path;

  bool operator==(const ListenAddress&) const = default;
};

/// Parses `host:port`, `[::1]:port`, `:port` and `unix:/path`. The error says
/// what is wrong and what was expected. Touches no network.
tl::expected<ListenAddress, std::string> ParseListenAddress(
    std::string_view text);

/// Formats the address so that ParseListenAddress can read it back.
std::string ToString(const ListenAddress& address);

}  // namespace leak_exporter
