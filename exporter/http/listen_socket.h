#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "exporter/cli/listen_address.h"
#include "metrics/base/result.h"
#include "metrics/base/unique_fd.h"

namespace leak_exporter::http {

/// The file of a Unix socket that this program bound.
struct SocketFile {
  std::string path;
  dev_t device = 0;
  ino_t inode = 0;

  /// Removes it, unless another file has replaced it.
  void Remove() const;
};

/// A listening stream socket. If Listen bound it to a path, the destructor
/// removes that path, unless TakeFile has made it the caller's.
class ListenSocket {
 public:
  /// Takes over a socket that already listens.
  explicit ListenSocket(UniqueFd fd);
  ListenSocket(ListenSocket&&) = default;
  ListenSocket& operator=(ListenSocket&&) = delete;
  ~ListenSocket();

  int fd() const { return fd_.get(); }
  /// The bound address: "127.0.0.1:10042", "[::]:10042", "unix:/run/x.sock".
  const std::string& address() const { return address_; }
  /// Whether it is a Unix socket or bound to a loopback address.
  bool IsForThisMachineOnly() const;
  /// Makes the destructor remove the Unix socket at `path`, to which this
  /// socket has just been bound.
  void OwnPath(const std::string& path);
  /// The file that the destructor would remove, and no longer does. Absent if
  /// there is none.
  std::optional<SocketFile> TakeFile();

 private:
  UniqueFd fd_;
  std::string address_;
  std::optional<SocketFile> file_;
};

/// Binds an address and listens there. A name is bound at every address that it
/// resolves to. An empty host and `::` include IPv4. A Unix socket at which
/// nobody listens any more is replaced. An error carries the errno (0 if the
/// name did not resolve) and names the address and the cause.
Result<std::vector<ListenSocket>> Listen(const ListenAddress& address);

/// Whether a service manager handed its sockets to this process, and not to one
/// that started this process. `listen_pid` is the value of LISTEN_PID, null if
/// that is not set.
bool IsMeantForUs(const char* listen_pid);

/// The sockets that a service manager has opened for this process
/// (sd_listen_fds(3)): `listen_fds` descriptors from `first_fd` on.
/// `listen_pid` and `listen_fds` are the values of the environment, null if not
/// set. It is an error if there is no socket for this process, or if one does
/// not listen.
Result<std::vector<ListenSocket>> InheritedSockets(const char* listen_pid,
                                                   const char* listen_fds,
                                                   int first_fd = 3);

}  // namespace leak_exporter::http
