#pragma once

#include <netinet/in.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string_view>

#include "exporter/http/message.h"

namespace leak_exporter::http {

/// One end of a TCP connection.
struct TcpEnd {
  /// An IPv4 address is mapped (RFC 4291, 2.5.5.2).
  in6_addr address{};
  uint16_t port = 0;

  bool operator==(const TcpEnd& other) const;
};

/// Finds the user whose process holds the socket that is connected from
/// `client` to `server`, in the text of /proc/net/tcp or tcp6 (proc(5)). Absent
/// if it is not there, or if no process holds it any more: the kernel then
/// shows root as its user.
std::optional<uid_t> FindOwner(std::string_view table, const TcpEnd& client,
                               const TcpEnd& server);

/// The address of a connected socket's other end. Absent if there is none.
std::optional<sockaddr_storage> PeerOf(int fd);
/// The user whose process connected to a Unix socket (SO_PEERCRED).
std::optional<uid_t> PeerUser(int fd);

/// Where the client of a connected socket is. Its owner is told by SO_PEERCRED
/// for a Unix socket, and by /proc/self/net/tcp and tcp6 over loopback. (The
/// service may not open the netlink sockets that sock_diag(7) needs.)
Client ReadClient(int fd);

}  // namespace leak_exporter::http
