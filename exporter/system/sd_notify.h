#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "metrics/base/result.h"
#include "metrics/base/unique_fd.h"

namespace leak_exporter {

/// Tells a service manager how the program is doing (sd_notify(3)). Without a
/// manager every call does nothing. Thread-safe.
class ServiceManager {
 public:
  /// `socket` is NOTIFY_SOCKET: a path, or '@' and an abstract name. It is
  /// empty if there is no manager. `watchdog_interval` is the time within which
  /// Watchdog must be called again. It is absent if the manager does not wait
  /// for such calls.
  ServiceManager(std::string socket,
                 std::optional<std::chrono::microseconds> watchdog_interval);

  /// Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID from the environment.
  static ServiceManager FromEnvironment();

  Result<void> Ready() const;
  /// `now` is the time on CLOCK_MONOTONIC; the manager compares it with its
  /// own.
  Result<void> Reloading(std::chrono::steady_clock::time_point now) const;
  Result<void> Stopping() const;
  Result<void> Watchdog() const;

  std::optional<std::chrono::microseconds> watchdog_interval() const {
    return watchdog_interval_;
  }

 private:
  Result<void> Send(std::string_view message) const;

  std::string socket_;
  /// Open from the start. Invalid without a manager.
  UniqueFd fd_;
  std::optional<std::chrono::microseconds> watchdog_interval_;
};

}  // namespace leak_exporter
