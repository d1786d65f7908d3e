#pragma once

#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include "exporter/http/connections.h"
#include "exporter/http/listen_socket.h"
#include "exporter/log/log.h"
#include "metrics/base/unique_fd.h"

namespace leak_exporter::http {

/// Accepts every connection, gives it away once its client has sent something,
/// and closes what `connections` gives up. Has a thread of its own.
class Acceptor {
 public:
  /// Takes over a connected socket, which is known to `connections`. Returns
  /// false if it was closed instead.
  using Serve = std::function<bool(int fd)>;

  /// `sockets` and `connections` outlive this object. Throws std::system_error
  /// if the thread cannot be started.
  Acceptor(const std::vector<ListenSocket>& sockets, Connections& connections,
           Serve serve, Logger& logger);
  /// Accepts nothing more. Waits for a call of `serve` that still runs.
  ~Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

 private:
  void Watch(int fd, uint32_t events) const;
  void Run();
  void Wait();
  bool Accept(int listening);
  void GiveAway(int fd);

  Connections& connections_;
  Serve serve_;
  Logger& logger_;
  std::vector<int> listening_;
  UniqueFd stop_;
  UniqueFd epoll_;
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace leak_exporter::http
