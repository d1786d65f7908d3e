#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "exporter/http/listen_socket.h"
#include "exporter/http/message.h"
#include "exporter/log/log.h"

namespace leak_exporter::http {

struct ServerLimits {
  /// Connections at once, for each socket; one thread each.
  unsigned connections = 64;
  /// A connection that says nothing for so long is closed.
  unsigned idle_seconds = 30;
  /// What a request's line and headers may take; beyond it is a 431.
  size_t header_bytes = size_t{32} << 10;
  /// A request's body is read, to nothing, up to here.
  size_t body_bytes = size_t{64} << 10;
};

/// Serves routes over HTTP/1.1 on sockets that listen already, from threads of
/// its own: one a socket and one a connection, so that a slow client holds up
/// nobody but itself.
///
/// It adds to every response what keeps a browser from caching it or guessing
/// its type, and compresses what is not small for clients that take gzip. An
/// unknown path is a 404, a wrong method a 405 with Allow, a body over the
/// limit a 413; what a handler throws is logged and is a 500.
class Server {
 public:
  /// Throws std::runtime_error where a thread or the like cannot be had.
  Server(std::vector<ListenSocket> sockets, std::vector<Route> routes,
         Logger& logger, const ServerLimits& limits = {});
  /// Closes every connection and waits for the handlers that run.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// The addresses as they are bound, in the order of the sockets.
  std::vector<std::string> Addresses() const;
  const std::vector<ListenSocket>& sockets() const { return sockets_; }

 private:
  class Implementation;

  std::vector<ListenSocket> sockets_;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace leak_exporter::http
