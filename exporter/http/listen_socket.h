#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "exporter/cli/listen_address.h"
#include "metrics/base/result.h"
#include "metrics/base/unique_fd.h"

namespace leak_exporter::http {

/// A stream socket that listens. Where it was bound to a path, the path goes
/// with it, unless another socket has taken its place.
class ListenSocket {
 public:
  /// Takes a socket that listens already.
  explicit ListenSocket(UniqueFd fd);
  ListenSocket(ListenSocket&&) = default;
  ListenSocket& operator=(ListenSocket&&) = delete;
  ~ListenSocket();

  int fd() const { return fd_.get(); }
  /// As it is bound: "127.0.0.1:10042", "[::]:10042", "unix:/run/x.sock".
  const std::string& address() const { return address_; }
  /// Has the destructor remove the Unix socket that was bound just now.
  void OwnPath(const std::string& path);

 private:
  UniqueFd fd_;
  std::string address_;
  std::string owned_path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

/// Binds an address and listens. A name is bound at every address that it
/// resolves to; an empty host, and `::`, take IPv4 along. A Unix socket that
/// nobody listens at any more is replaced. Errors carry the errno (0 where the
/// name did not resolve) and name the address and the cause.
Result<std::vector<ListenSocket>> Listen(const ListenAddress& address);

/// Whether sockets that a service manager handed over are this process's, not
/// those of one that started it. The text is LISTEN_PID's, null where unset.
bool IsMeantForUs(const char* listen_pid);

/// The sockets that a service manager has opened (sd_listen_fds(3)):
/// `listen_fds` of them from descriptor `first_fd` on, where `listen_pid` is
/// this process. Both texts are the environment's, null where unset. Having
/// none, or one that does not listen, is an error.
Result<std::vector<ListenSocket>> InheritedSockets(const char* listen_pid,
                                                   const char* listen_fds,
                                                   int first_fd = 3);

}  // namespace leak_exporter::http
