#include "exporter/http/acceptor.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <system_error>
#include <utility>

namespace leak_exporter::http {
namespace {

using std::chrono::milliseconds;

// How long nothing is accepted when there are no descriptors left, or when
// connections that were shut down have not ended yet.
constexpr int kPauseMilliseconds = 1;
// Others have something to say meanwhile.
constexpr int kMostAtOnce = 32;
// A connection that was given away gets other deadlines meanwhile.
constexpr milliseconds kLongestSleep{500};
// What the kernel holds of a response. Much more would hide for minutes that a
// client does not read it.
constexpr int kSendBufferBytes = 64 << 10;

int SleepMilliseconds(std::chrono::nanoseconds at_most) {
  return static_cast<int>(std::chrono::ceil<milliseconds>(
                              std::clamp<std::chrono::nanoseconds>(
                                  at_most, milliseconds(0), kLongestSleep))
                              .count());
}

UniqueFd Checked(int fd, const char* call) {
  if (fd < 0) throw std::system_error(errno, std::generic_category(), call);
  return UniqueFd(fd);
}

bool HasPending(int listening) {
  pollfd waiting{listening, POLLIN, 0};
  return ::poll(&waiting, 1, 0) == 1;
}

}  // namespace

Acceptor::Acceptor(const std::vector<ListenSocket>& sockets,
                   Connections& connections, Serve serve, Logger& logger)
    : connections_(connections),
      serve_(std::move(serve)),
      logger_(logger),
      stop_(Checked(::eventfd(0, EFD_CLOEXEC), "eventfd")),
      epoll_(Checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")) {
  for (const ListenSocket& socket : sockets) {
    // Another process may take a connection that epoll(7) has seen.
    ::fcntl(socket.fd(), F_SETFL, ::fcntl(socket.fd(), F_GETFL) | O_NONBLOCK);
    listening_.push_back(socket.fd());
    Watch(socket.fd(), EPOLLIN);
  }
  Watch(stop_.get(), EPOLLIN);
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), "http-accept");
    Run();
  });
}

Acceptor::~Acceptor() {
  const uint64_t one = 1;
  // An eventfd takes this write at once.
  static_cast<void>(::write(stop_.get(), &one, sizeof one));
  thread_.join();
}

void Acceptor::Watch(int fd, uint32_t events) const {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
  }
}

void Acceptor::Run() {
  while (!stopped_) {
    try {
      Wait();
    } catch (const std::exception& failure) {
      logger_.Error("a connection was lost", {{"error", failure.what()}});
    }
  }
}

/// Waits for events and handles them.
void Acceptor::Wait() {
  if (connections_.Crowded()) ::poll(nullptr, 0, kPauseMilliseconds);
  const auto quiet = connections_.CloseOverdue();
  std::array<epoll_event, 64> events{};
  const int count = ::epoll_wait(epoll_.get(), events.data(), events.size(),
                                 quiet ? SleepMilliseconds(*quiet) : -1);
  // First those that have something to say, before others take their places.
  for (int i = 0; i < count; ++i) {
    const int fd = events[static_cast<size_t>(i)].data.fd;
    if (fd == stop_.get()) {
      stopped_ = true;
    } else if (std::find(listening_.begin(), listening_.end(), fd) ==
               listening_.end()) {
      GiveAway(fd);
    }
  }
  for (int i = 0; i < count; ++i) {
    const int fd = events[static_cast<size_t>(i)].data.fd;
    if (std::find(listening_.begin(), listening_.end(), fd) !=
        listening_.end()) {
      for (int n = 0; n < kMostAtOnce && Accept(fd); ++n) {
      }
    }
  }
}

/// Returns whether there may be another one to accept.
bool Acceptor::Accept(int listening) {
  sockaddr_storage peer{};
  socklen_t length = sizeof peer;
  UniqueFd fd(::accept4(listening, reinterpret_cast<sockaddr*>(&peer), &length,
                        SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!fd.valid()) {
    const int code = errno;
    const bool exhausted =
        code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM;
    // The kernel takes a descriptor before it looks for a connection: nobody is
    // closed for one that is not there.
    if (exhausted && HasPending(listening)) {
      logger_.Warn("a connection could not be accepted",
                   {{"error", std::strerror(code)}});
      connections_.CloseOne();
      ::poll(nullptr, 0, kPauseMilliseconds);
    }
    return false;
  }
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUF, &kSendBufferBytes,
               sizeof kSendBufferBytes);
  Watch(fd.get(), EPOLLIN | EPOLLRDHUP);
  connections_.Admit(fd.get(), ClientOf(fd.get(), peer));
  fd.Release();
  return true;
}

void Acceptor::GiveAway(int fd) {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  connections_.Enter(fd, Phase::kHead);
  if (!serve_(fd)) connections_.Remove(fd);
}

}  // namespace leak_exporter::http
