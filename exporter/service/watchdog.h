#pragma once

#include <chrono>
#include <vector>

#include "exporter/http/listen_socket.h"
#include "metrics/base/unique_fd.h"

namespace leak_exporter {

/// Tells whether the program still serves. It sends a request as a client does,
/// because a main thread whose loop iterates proves nothing. Not thread-safe.
class Watchdog {
 public:
  /// The sockets must outlive this object.
  explicit Watchdog(const std::vector<http::ListenSocket>& sockets)
      : sockets_(sockets) {}

  /// Returns whether every socket has answered the request of the last call, or
  /// answers it within `patience`. Only the beginning of an HTTP response is an
  /// answer, whatever its status; a closed connection is none. Then sends the
  /// next request, which takes at most 0.1 seconds for each socket. The first
  /// call has no request to judge by and returns true.
  bool Check(std::chrono::milliseconds patience);

 private:
  const std::vector<http::ListenSocket>& sockets_;
  /// One connection for each socket. Invalid if the request could not be sent.
  std::vector<UniqueFd> questions_;
};

}  // namespace leak_exporter
