#pragma once

#include <vector>

#include "exporter/http/listen_socket.h"
#include "exporter/service/watchdog.h"
#include "exporter/system/helper_process.h"
#include "metrics/base/result.h"

namespace leak_exporter {

/// A process that connects to the program's own sockets, as a client would, and
/// that removes the files of Unix sockets at the end. The program itself gives
/// up the system calls for both. It does so for the sockets that it was started
/// with, and for no others.
class SocketHelper {
 public:
  /// Takes over the sockets' files. Call it before this process starts a
  /// thread.
  static Result<SocketHelper> Start(std::vector<http::ListenSocket>& sockets);

  /// Succeeds if every socket has answered the request that the last call made,
  /// as Watchdog::Check says. Waits at most half a second. An error says that
  /// the program does not answer, or that the helper has ended or hangs.
  Result<void> CheckAnswers(Watchdog::Protocol protocol);

  /// Waits until they are removed, at most half a second.
  Result<void> RemoveFiles();

 private:
  explicit SocketHelper(HelperProcess process);

  HelperProcess process_;
};

}  // namespace leak_exporter
