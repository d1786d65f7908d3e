#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <stdexcept>
#include <string>

#include "metrics/base/unique_fd.h"

namespace leak_exporter {

/// The service manager's end; '@' begins an abstract name.
class NotifySocket {
 public:
  explicit NotifySocket(const std::string& name) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path, sizeof address.sun_path - 1);
    if (name.front() == '@') address.sun_path[0] = '\0';
    fd_.Reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address),
               static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) +
                                      name.size())) != 0) {
      throw std::runtime_error("cannot bind " + name);
    }
  }

  std::string Receive() const {
    pollfd waiting{fd_.get(), POLLIN, 0};
    if (::poll(&waiting, 1, 5000) != 1) return "nothing";
    char buffer[512];
    const ssize_t size = ::recv(fd_.get(), buffer, sizeof buffer, 0);
    return size < 0 ? "nothing"
                    : std::string(buffer, static_cast<size_t>(size));
  }

 private:
  UniqueFd fd_;
};

}  // namespace leak_exporter
