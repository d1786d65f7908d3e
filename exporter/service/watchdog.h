#pragma once

#include <sys/socket.h>

#include <chrono>
#include <string>
#include <vector>

#include "exporter/http/listen_socket.h"
#include "metrics/base/unique_fd.h"

namespace leak_exporter {

/// Tells whether the program still serves. It sends a request as a client does,
/// because a main thread whose loop iterates proves nothing. Not thread-safe.
class Watchdog {
 public:
  enum class Protocol { kHttp, kTls };

  /// Takes the sockets' addresses; it does not need the sockets later.
  explicit Watchdog(const std::vector<http::ListenSocket>& sockets,
                    Protocol protocol = Protocol::kHttp);

  /// Returns whether every socket has answered the request of the last call, or
  /// answers it within `patience`. Only the beginning of an HTTP response is an
  /// answer, whatever its status, and over TLS the beginning of a handshake's
  /// answer; a closed connection is none. Then sends the
  /// next request, which takes at most 0.1 seconds for each socket. The first
  /// call has no request to judge by and returns true.
  bool Check(std::chrono::milliseconds patience);

 private:
  struct Address {
    sockaddr_storage name{};
    socklen_t length = 0;
  };

  UniqueFd Ask(const Address& address) const;
  bool IsAnswered(const UniqueFd& question,
                  std::chrono::milliseconds patience) const;

  std::vector<Address> addresses_;
  std::string question_;
  /// What an answer begins with.
  std::string answer_;
  /// One connection for each socket. Invalid if the request could not be sent.
  std::vector<UniqueFd> questions_;
};

}  // namespace leak_exporter
