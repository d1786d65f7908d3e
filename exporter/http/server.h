#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "exporter/http/connection_table.h"
#include "exporter/http/listen_socket.h"
#include "exporter/http/message.h"
#include "exporter/http/web_setup.h"
#include "exporter/log/log.h"

namespace leak_exporter::http {

struct ServerLimits {
  ConnectionLimits connections;
  /// The size of the line and headers of a request. A larger one is answered
  /// with 431.
  size_t header_bytes = size_t{32} << 10;
  /// The size of the body of a request, which is read and discarded. A larger
  /// one is answered with 413.
  size_t body_bytes = size_t{64} << 10;
};

/// Serves routes over HTTP/1.1 on sockets that already listen. Each connection
/// has a thread of its own, so that a slow client delays only itself. Every
/// connection is accepted; ConnectionTable says which one is closed for it, and
/// which request is answered next.
///
/// Every request first passes the rate limit and authentication of the web
/// setup in force, whatever its path. Every response has the headers of that
/// setup, and others that keep a browser from caching it or guessing its type.
/// Larger responses are compressed for clients that accept gzip. An
/// unknown path is answered with 404, a wrong method with 405 and Allow. What a
/// page of another site has a browser send is answered with 403, unless it is a
/// GET. An exception from a handler is logged and answered with 500.
class Server {
 public:
  /// `web` is asked at each request; without it nothing is asked of clients.
  /// Throws std::runtime_error if the HTTP library or a thread cannot be
  /// started.
  Server(std::vector<ListenSocket> sockets, std::vector<Route> routes,
         Logger& logger, const ServerLimits& limits = {},
         WebSetupSource web = nullptr);
  /// Closes every connection and waits for the handlers that still run.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// The bound addresses, in the order of the sockets.
  std::vector<std::string> Addresses() const;
  const std::vector<ListenSocket>& sockets() const { return sockets_; }

 private:
  class Implementation;

  std::vector<ListenSocket> sockets_;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace leak_exporter::http
