#include "exporter/system/sd_notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "metrics/procfs/text.h"

namespace leak_exporter {
namespace {

std::string_view Environment(const char* name) {
  const char* value = ::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

}  // namespace

ServiceManager::ServiceManager(
    std::string socket,
    std::optional<std::chrono::microseconds> watchdog_interval)
    : socket_(std::move(socket)), watchdog_interval_(watchdog_interval) {
  if (!socket_.empty()) {
    fd_.Reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  }
}

ServiceManager ServiceManager::FromEnvironment() {
  std::optional<std::chrono::microseconds> interval;
  const auto usec = procfs::ParseNumber<int64_t>(Environment("WATCHDOG_USEC"));
  const std::string_view pid = Environment("WATCHDOG_PID");
  if (usec && *usec > 0 &&
      (pid.empty() || procfs::ParseNumber<pid_t>(pid) == ::getpid())) {
    interval = std::chrono::microseconds(*usec);
  }
  return ServiceManager(std::string(Environment("NOTIFY_SOCKET")), interval);
}

Result<void> ServiceManager::Ready() const { return Send("READY=1"); }

Result<void> ServiceManager::Reloading(
    std::chrono::steady_clock::time_point now) const {
  const auto usec = std::chrono::duration_cast<std::chrono::microseconds>(
      now.time_since_epoch());
  return Send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(usec.count()));
}

Result<void> ServiceManager::Stopping() const { return Send("STOPPING=1"); }

Result<void> ServiceManager::Watchdog() const { return Send("WATCHDOG=1"); }

Result<void> ServiceManager::Send(std::string_view message) const {
  if (socket_.empty()) return {};
  const auto failure = [this](int code) {
    return Failure(code,
                   "cannot notify " + socket_ + ": " + std::strerror(code));
  };
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (socket_.size() >= sizeof name.sun_path) return failure(ENAMETOOLONG);
  std::copy(socket_.begin(), socket_.end(), name.sun_path);
  if (socket_.front() == '@') name.sun_path[0] = '\0';
  const auto length =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  if (!fd_.valid()) return failure(EMFILE);
  // A manager that does not read must not hang its service.
  if (::sendto(fd_.get(), message.data(), message.size(),
               MSG_NOSIGNAL | MSG_DONTWAIT,
               reinterpret_cast<const sockaddr*>(&name), length) < 0) {
    return failure(errno);
  }
  return {};
}

}  // namespace leak_exporter
