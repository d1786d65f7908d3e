#pragma once

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "metrics/base/unique_fd.h"

namespace leak_exporter {

/// A client's end of a stream, in the hands of a test: it can be as slow and
/// as rude as it likes. Every wait is bounded.
class StreamClient {
 public:
  /// Connects to an address as ListenSocket::address() gives it.
  explicit StreamClient(const std::string& address) {
    if (address.starts_with("unix:")) {
      ConnectUnix(address.substr(5));
    } else {
      ConnectTcp(address);
    }
  }

  int fd() const { return fd_.get(); }

  /// False where the other side has closed.
  bool Send(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t sent =
          ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (sent < 0) return false;
      text.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }

  void SendNoMore() const { ::shutdown(fd_.get(), SHUT_WR); }

  /// Waits for something to read, or the end; false when nothing came.
  bool WaitReadable(int milliseconds = 5000) const {
    pollfd waiting{fd_.get(), POLLIN, 0};
    return ::poll(&waiting, 1, milliseconds) == 1;
  }

  /// Waits for the other side to close both ways, without reading; false when
  /// it does not.
  bool AwaitHangUp(int milliseconds = 5000) const {
    pollfd waiting{fd_.get(), POLLRDHUP, 0};
    return ::poll(&waiting, 1, milliseconds) == 1;
  }

  /// Reads up to the end of one response, whose length its header tells, or
  /// until the other side closes or nothing more comes.
  std::string ReadResponse(bool with_body = true) {
    while (!HasResponse(with_body) && ReadMore()) {
    }
    return std::exchange(received_, {});
  }

  std::string ReadToEnd() {
    while (ReadMore()) {
    }
    return std::exchange(received_, {});
  }

 private:
  bool ReadMore() {
    char buffer[65536];
    if (!WaitReadable()) return false;
    const ssize_t count = ::recv(fd_.get(), buffer, sizeof buffer, 0);
    if (count <= 0) return false;
    received_.append(buffer, static_cast<size_t>(count));
    return true;
  }

  bool HasResponse(bool with_body) const {
    const size_t end = received_.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    if (!with_body) return true;
    constexpr std::string_view kLength = "Content-Length: ";
    const size_t length = received_.find(kLength);
    return length < end &&
           received_.size() >=
               end + 4 + std::stoul(received_.substr(length + kLength.size()));
  }

  void ConnectTcp(const std::string& address) {
    const size_t colon = address.rfind(':');
    std::string host = address.substr(0, colon);
    if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    if (::getaddrinfo(host.c_str(), address.c_str() + colon + 1, &hints,
                      &found) != 0) {
      throw std::runtime_error("no such address: " + address);
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> guard(
        found, &::freeaddrinfo);
    Connect(found->ai_addr, found->ai_addrlen, address);
  }

  void ConnectUnix(const std::string& path) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    path.copy(name.sun_path, sizeof name.sun_path - 1);
    Connect(reinterpret_cast<const sockaddr*>(&name), sizeof name, path);
  }

  void Connect(const sockaddr* name, socklen_t length,
               const std::string& text) {
    fd_.Reset(::socket(name->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(fd_.get(), name, length) != 0) {
      throw std::runtime_error("cannot connect to " + text);
    }
  }

  UniqueFd fd_;
  std::string received_;
};

/// One request on a connection of its own.
inline std::string HttpRequest(const std::string& address,
                               const std::string& request) {
  StreamClient client(address);
  client.Send(request +
              " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  return client.ReadToEnd();
}

}  // namespace leak_exporter
