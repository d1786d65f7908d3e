#include "exporter/http/listen_socket.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "metrics/procfs/text.h"

namespace leak_exporter::http {
namespace {

// Bounds the loop. No service manager hands over more sockets.
constexpr int kMostInherited = 64;

tl::unexpected<Error> BindFailure(const std::string& address, int code) {
  return Failure(code,
                 "cannot listen at " + address + ": " + std::strerror(code));
}

std::string UnixText(const sockaddr_un& name, socklen_t length) {
  const size_t offset = offsetof(sockaddr_un, sun_path);
  if (length <= offset) return "unix:";
  std::string_view path(name.sun_path, length - offset);
  if (path[0] == '\0') return "unix:@" + std::string(path.substr(1));
  return "unix:" + std::string(path.substr(0, path.find('\0')));
}

std::string AddressText(const sockaddr_storage& name, socklen_t length) {
  if (name.ss_family == AF_UNIX) {
    return UnixText(reinterpret_cast<const sockaddr_un&>(name), length);
  }
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  if (::getnameinfo(reinterpret_cast<const sockaddr*>(&name), length,
                    host.data(), host.size(), port.data(), port.size(),
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return "?";
  }
  const std::string text(host.data());
  return (name.ss_family == AF_INET6 ? "[" + text + "]" : text) + ":" +
         port.data();
}

std::string BoundAddress(int fd) {
  sockaddr_storage name{};
  socklen_t length = sizeof name;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &length) != 0) {
    return "?";
  }
  return AddressText(name, length);
}

/// Creates a socket, binds it and listens. The error is the errno.
tl::expected<UniqueFd, int> OpenListening(const sockaddr* name,
                                          socklen_t length, bool dual_stack) {
  UniqueFd fd(
      ::socket(name->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return tl::unexpected(errno);
  const int on = 1;
  const int off = 0;
  if (name->sa_family != AF_UNIX) {
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  }
  if (name->sa_family == AF_INET6) {
    ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, dual_stack ? &off : &on,
                 sizeof on);
  }
  if (::bind(fd.get(), name, length) != 0 ||
      ::listen(fd.get(), SOMAXCONN) != 0) {
    return tl::unexpected(errno);
  }
  return fd;
}

using Addresses = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

Result<Addresses> Resolve(const std::string& host, uint16_t port,
                          const std::string& text) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int code =
      ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (code != 0) {
    return Failure(
        code == EAI_SYSTEM ? errno : 0,
        "cannot listen at " + text + ": " +
            (code == EAI_SYSTEM ? std::strerror(errno) : ::gai_strerror(code)));
  }
  return Addresses(found, &::freeaddrinfo);
}

/// The machine has no such address family, or not this address.
bool IsAbsentFamily(int code) {
  return code == EAFNOSUPPORT || code == EADDRNOTAVAIL;
}

Result<std::vector<ListenSocket>> ListenAtName(const ListenAddress& address) {
  const std::string text = ToString(address);
  const auto resolved = Resolve(address.host, address.port, text);
  if (!resolved) return tl::unexpected(resolved.error());
  std::vector<ListenSocket> sockets;
  int absent = EADDRNOTAVAIL;
  for (const addrinfo* it = resolved->get(); it != nullptr; it = it->ai_next) {
    auto fd = OpenListening(it->ai_addr, it->ai_addrlen, address.host == "::");
    if (fd) {
      sockets.emplace_back(std::move(*fd));
    } else if (IsAbsentFamily(fd.error())) {
      absent = fd.error();
    } else {
      return BindFailure(text, fd.error());
    }
  }
  if (sockets.empty()) return BindFailure(text, absent);
  return sockets;
}

Result<std::vector<ListenSocket>> ListenEverywhere(
    const ListenAddress& address) {
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_addr = in6addr_any;
  six.sin6_port = htons(address.port);
  auto fd = OpenListening(reinterpret_cast<const sockaddr*>(&six), sizeof six,
                          /*dual_stack=*/true);
  if (!fd && IsAbsentFamily(fd.error())) {
    sockaddr_in four{};
    four.sin_family = AF_INET;
    four.sin_addr.s_addr = htonl(INADDR_ANY);
    four.sin_port = htons(address.port);
    fd = OpenListening(reinterpret_cast<const sockaddr*>(&four), sizeof four,
                       /*dual_stack=*/false);
  }
  if (!fd) return BindFailure(ToString(address), fd.error());
  std::vector<ListenSocket> sockets;
  sockets.emplace_back(std::move(*fd));
  return sockets;
}

/// Removes a socket that its owner left behind. Returns an errno if the path is
/// something else, or if somebody still listens there.
int RemoveStaleSocket(const sockaddr_un& name) {
  struct stat existing {};
  if (::lstat(name.sun_path, &existing) != 0) {
    return errno == ENOENT ? 0 : errno;
  }
  if (!S_ISSOCK(existing.st_mode)) return EEXIST;
  const UniqueFd probe(
      ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe.valid()) return errno;
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&name),
                sizeof name) == 0) {
    return EADDRINUSE;
  }
  if (errno != ECONNREFUSED) return errno == EAGAIN ? EADDRINUSE : errno;
  return ::unlink(name.sun_path) == 0 ? 0 : errno;
}

Result<std::vector<ListenSocket>> ListenAtPath(const ListenAddress& address) {
  const std::string text = ToString(address);
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (address.unix_path.size() >= sizeof name.sun_path) {
    return BindFailure(text, ENAMETOOLONG);
  }
  std::copy(address.unix_path.begin(), address.unix_path.end(), name.sun_path);
  if (const int code = RemoveStaleSocket(name)) return BindFailure(text, code);
  auto fd = OpenListening(reinterpret_cast<const sockaddr*>(&name), sizeof name,
                          /*dual_stack=*/false);
  if (!fd) return BindFailure(text, fd.error());
  std::vector<ListenSocket> sockets;
  sockets.emplace_back(std::move(*fd)).OwnPath(address.unix_path);
  return sockets;
}

std::string_view OrEmpty(const char* text) {
  return text == nullptr ? std::string_view() : text;
}

bool Listens(int fd) {
  int listens = 0;
  int type = 0;
  socklen_t length = sizeof listens;
  if (::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) != 0) {
    return false;
  }
  length = sizeof type;
  return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 &&
         listens != 0 && type == SOCK_STREAM;
}

}  // namespace

void SocketFile::Remove() const {
  struct stat now {};
  if (::lstat(path.c_str(), &now) == 0 && now.st_dev == device &&
      now.st_ino == inode) {
    ::unlink(path.c_str());
  }
}

ListenSocket::ListenSocket(UniqueFd fd)
    : fd_(std::move(fd)), address_(BoundAddress(fd_.get())) {}

ListenSocket::~ListenSocket() {
  if (fd_.valid() && file_) file_->Remove();
}

bool ListenSocket::IsForThisMachineOnly() const {
  return address_.starts_with("unix:") || address_.starts_with("127.") ||
         address_.starts_with("[::1]:") || address_.starts_with("[::ffff:127.");
}

void ListenSocket::OwnPath(const std::string& path) {
  struct stat bound {};
  if (::lstat(path.c_str(), &bound) != 0) return;
  file_ = SocketFile{path, bound.st_dev, bound.st_ino};
}

std::optional<SocketFile> ListenSocket::TakeFile() {
  return std::exchange(file_, std::nullopt);
}

Result<std::vector<ListenSocket>> Listen(const ListenAddress& address) {
  if (!address.unix_path.empty()) return ListenAtPath(address);
  if (address.host.empty()) return ListenEverywhere(address);
  return ListenAtName(address);
}

bool IsMeantForUs(const char* listen_pid) {
  return procfs::ParseNumber<pid_t>(OrEmpty(listen_pid)) == ::getpid();
}

Result<std::vector<ListenSocket>> InheritedSockets(const char* listen_pid,
                                                   const char* listen_fds,
                                                   int first_fd) {
  const auto count = procfs::ParseNumber<int>(OrEmpty(listen_fds));
  if (!IsMeantForUs(listen_pid) || !count || *count < 1 ||
      *count > kMostInherited) {
    return Failure(0, "no sockets were handed over by a service manager");
  }
  std::vector<ListenSocket> sockets;
  for (int fd = first_fd; fd < first_fd + *count; ++fd) {
    if (!Listens(fd)) {
      return Failure(ENOTSOCK, "descriptor " + std::to_string(fd) +
                                   ", handed over by the service manager, is "
                                   "not a stream socket that listens");
    }
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    sockets.emplace_back(UniqueFd(fd));
  }
  return sockets;
}

}  // namespace leak_exporter::http
