#pragma once

#include <chrono>
#include <vector>

#include "exporter/http/listen_socket.h"
#include "metrics/base/unique_fd.h"

namespace leak_exporter {

/// Tells whether the program still serves, by asking it as a client does: a
/// main thread that merely turns round proves nothing. Not thread-safe.
class Watchdog {
 public:
  /// The sockets outlive it.
  explicit Watchdog(const std::vector<http::ListenSocket>& sockets)
      : sockets_(sockets) {}

  /// Whether every socket has answered what the last call asked, or does within
  /// `patience`, be it by closing the connection because there are too many;
  /// asks again. The first call has nothing to judge by and says yes. To ask
  /// takes a tenth of a second a socket at most.
  bool Check(std::chrono::milliseconds patience);

 private:
  const std::vector<http::ListenSocket>& sockets_;
  /// One for each socket; invalid where the question could not be asked.
  std::vector<UniqueFd> questions_;
};

}  // namespace leak_exporter
