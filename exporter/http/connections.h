#pragma once

#include <sys/socket.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "exporter/http/connection_table.h"

namespace leak_exporter::http {

/// What a client's share of the connections is counted by: its IPv4 address,
/// the first 64 bits of its IPv6 address (which are one host's or one
/// network's), or its user at a Unix socket. `fd` is a connected socket.
std::string ClientOf(int fd, const sockaddr_storage& peer);

/// The sockets in a ConnectionTable. Thread-safe, but Admit, CloseOne and
/// CloseOverdue are for one thread, which owns the sockets in phase kNew.
///
/// A connection that is given up in phase kNew is closed. Another one is shut
/// down, so that the thread which waits for its client ends, closes the
/// descriptor, and calls Remove() before that.
class Connections {
 public:
  explicit Connections(const ConnectionLimits& limits);
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  /// Adds a connection, in phase kNew.
  void Admit(int fd, std::string client);
  /// Makes room for a descriptor.
  void CloseOne();
  /// Closes connections that are too many or overdue. Returns how long there
  /// will be none; absent if there is no connection.
  std::optional<std::chrono::nanoseconds> CloseOverdue();
  /// Whether so many connections that were shut down have not ended yet that no
  /// other one should be accepted.
  bool Crowded() const;

  void Enter(int fd, Phase phase);
  void Moved(int fd, uint64_t bytes);
  /// Waits until the request may be answered. Returns false if the connection
  /// has been closed instead. A later Enter() ends the turn.
  bool AwaitTurn(int fd);
  void Remove(int fd);
  /// Lets nothing wait for its turn any more. Closes what is still in phase
  /// kNew, reads nothing more from the others, and waits for at most `at_most`
  /// until they have ended. Must be the last call but Enter(), Moved() and
  /// Remove().
  void Stop(std::chrono::nanoseconds at_most);

 private:
  void Close(const ConnectionTable::GivenUp& connection);
  void Handle();

  const ConnectionLimits limits_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  ConnectionTable table_;
  bool stopped_ = false;
};

}  // namespace leak_exporter::http
