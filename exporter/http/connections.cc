#include "exporter/http/connections.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <utility>

#include "exporter/http/client_socket.h"

namespace leak_exporter::http {
namespace {

using Clock = std::chrono::steady_clock;

bool HasUnread(int fd) {
  char byte = 0;
  return ::recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1;
}

}  // namespace

std::string ClientOf(int fd, const sockaddr_storage& peer) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (peer.ss_family == AF_INET) {
    const auto& four = reinterpret_cast<const sockaddr_in&>(peer);
    ::inet_ntop(AF_INET, &four.sin_addr, text.data(), text.size());
  } else if (peer.ss_family == AF_INET6) {
    in6_addr address = reinterpret_cast<const sockaddr_in6&>(peer).sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&address)) {
      ::inet_ntop(AF_INET, &address.s6_addr[12], text.data(), text.size());
    } else {
      std::memset(&address.s6_addr[8], 0, 8);
      ::inet_ntop(AF_INET6, &address, text.data(), text.size());
    }
  } else {
    const auto owner = PeerUser(fd);
    return owner ? "unix:" + std::to_string(*owner) : "unix";
  }
  return text.data();
}

Connections::Connections(const ConnectionLimits& limits)
    : limits_(limits), table_(limits) {}

void Connections::Admit(int fd, std::string client) {
  const std::lock_guard lock(mutex_);
  table_.Admit(fd, std::move(client), Clock::now());
}

void Connections::CloseOne() {
  const std::lock_guard lock(mutex_);
  if (const auto given_up = table_.GiveUpOne()) Close(*given_up);
}

std::optional<std::chrono::nanoseconds> Connections::CloseOverdue() {
  const std::lock_guard lock(mutex_);
  const auto now = Clock::now();
  for (const auto& given_up : table_.GiveUpOverdue(now, &HasUnread)) {
    Close(given_up);
  }
  const auto next = table_.NextOverdue();
  if (next) return *next - now;
  if (table_.size() > 0) return std::chrono::nanoseconds::max();
  return std::nullopt;
}

void Connections::Close(const ConnectionTable::GivenUp& connection) {
  if (connection.phase == Phase::kNew) {
    table_.Remove(connection.id);
    ::close(connection.id);
    return;
  }
  if (connection.phase == Phase::kResponse) {
    // The kernel does not go on to offer it what it does not read.
    const linger at_once{1, 0};
    ::setsockopt(connection.id, SOL_SOCKET, SO_LINGER, &at_once,
                 sizeof at_once);
  }
  ::shutdown(connection.id, SHUT_RDWR);
  changed_.notify_all();
}

bool Connections::Crowded() const {
  const std::lock_guard lock(mutex_);
  return table_.size() >= limits_.Most() + limits_.connections;
}

void Connections::Enter(int fd, Phase phase) {
  const std::lock_guard lock(mutex_);
  table_.Enter(fd, phase, Clock::now());
  Handle();
}

void Connections::Moved(int fd, uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  table_.Moved(fd, bytes, Clock::now());
}

bool Connections::AwaitTurn(int fd) {
  std::unique_lock lock(mutex_);
  table_.Enter(fd, Phase::kQueued, Clock::now());
  Handle();
  changed_.wait(
      lock, [&] { return stopped_ || table_.PhaseOf(fd) != Phase::kQueued; });
  return table_.PhaseOf(fd) == Phase::kHandled;
}

void Connections::Remove(int fd) {
  const std::lock_guard lock(mutex_);
  table_.Remove(fd);
  Handle();
  if (stopped_) changed_.notify_all();
}

void Connections::Stop(std::chrono::nanoseconds at_most) {
  std::unique_lock lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
  for (const auto& [fd, phase] : table_.Open()) {
    if (phase == Phase::kNew) {
      table_.Remove(fd);
      ::close(fd);
    } else {
      ::shutdown(fd, SHUT_RD);
    }
  }
  changed_.wait_for(lock, at_most, [this] { return table_.size() == 0; });
}

/// Lets as many requests be answered as may be.
void Connections::Handle() {
  bool any = false;
  while (!stopped_ && table_.HandleNext(Clock::now())) any = true;
  if (any) changed_.notify_all();
}

}  // namespace leak_exporter::http
