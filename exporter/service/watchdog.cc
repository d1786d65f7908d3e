#include "exporter/service/watchdog.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <string_view>

#include "exporter/http/tls/client_hello.h"

namespace leak_exporter {
namespace {

constexpr timeval kPatience{0, 100'000};
constexpr std::string_view kQuestion =
    "GET /-/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

constexpr std::string_view kAnswer = "HTTP/1.";
// A record of a handshake, of version 3.something (RFC 8446, 5.1).
constexpr std::string_view kTlsAnswer = "\x16\x03";

}  // namespace

Watchdog::Watchdog(const std::vector<http::ListenSocket>& sockets,
                   Protocol protocol)
    : question_(protocol == Protocol::kTls ? http::ClientHello()
                                           : std::string(kQuestion)),
      answer_(protocol == Protocol::kTls ? kTlsAnswer : kAnswer) {
  for (const http::ListenSocket& socket : sockets) {
    Address address;
    address.length = sizeof address.name;
    // Where there is no address, none can be asked, and nobody answers.
    if (::getsockname(socket.fd(), reinterpret_cast<sockaddr*>(&address.name),
                      &address.length) != 0) {
      address.length = 0;
    }
    addresses_.push_back(address);
  }
}

/// Connects to where a socket listens (an address such as 0.0.0.0 means this
/// machine) and sends a request. Invalid where that failed.
UniqueFd Watchdog::Ask(const Address& address) const {
  UniqueFd fd(::socket(address.name.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return {};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address.name),
                address.length) != 0 ||
      ::send(fd.get(), question_.data(), question_.size(), MSG_NOSIGNAL) < 0) {
    return {};
  }
  return fd;
}

bool Watchdog::IsAnswered(const UniqueFd& question,
                          std::chrono::milliseconds patience) const {
  pollfd waiting{question.get(), POLLIN, 0};
  if (!question.valid() ||
      ::poll(&waiting, 1, static_cast<int>(patience.count())) != 1) {
    return false;
  }
  std::string begin(answer_.size(), '\0');
  const ssize_t size =
      ::recv(question.get(), begin.data(), begin.size(), MSG_DONTWAIT);
  return size == static_cast<ssize_t>(answer_.size()) && begin == answer_;
}

bool Watchdog::Check(std::chrono::milliseconds patience) {
  const bool answered = std::all_of(questions_.begin(), questions_.end(),
                                    [this, patience](const UniqueFd& question) {
                                      return IsAnswered(question, patience);
                                    });
  questions_.clear();
  for (const Address& address : addresses_) {
    questions_.push_back(Ask(address));
  }
  return answered;
}

}  // namespace leak_exporter
