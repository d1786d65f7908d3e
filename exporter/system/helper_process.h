#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "metrics/base/result.h"
#include "metrics/base/unique_fd.h"

namespace leak_exporter {

/// A process that does for this one what this one may not do itself, once its
/// system calls are filtered. It is a fork of this process, with the comm
/// kHelperComm, without capabilities, and without any descriptor but the socket
/// over which it is asked. It ends when this object or this process ends, and
/// ignores the signals that end this process. Thread-safe.
class HelperProcess {
 public:
  /// Answers one request. Runs in the helper, where nothing else runs.
  using Answer = std::function<std::string(std::string_view request)>;

  /// The most bytes of a request, and of an answer; more are cut off.
  static constexpr size_t kMostBytes = 4096;

  /// Forks. Call it before this process starts a thread, because a fork has
  /// only the thread that called it.
  static Result<HelperProcess> Start(const Answer& answer);

  HelperProcess(HelperProcess&& other) noexcept;
  HelperProcess& operator=(HelperProcess&&) = delete;
  ~HelperProcess();

  /// Asks, and waits at most `patience` for the answer. ETIMEDOUT if none came.
  /// The helper is asked nothing new before it has answered: until then every
  /// call fails with ETIMEDOUT at once, so that a helper that hangs costs its
  /// callers one wait. EPIPE if the helper has ended.
  Result<std::string> Ask(std::string_view request,
                          std::chrono::milliseconds patience);

  pid_t pid() const { return pid_; }

 private:
  HelperProcess(pid_t pid, UniqueFd socket);

  /// Takes an answer that came too late.
  void ForgetLateAnswer();
  Result<std::string> Receive(std::chrono::milliseconds patience);

  pid_t pid_ = 0;
  std::mutex mutex_;
  UniqueFd socket_;
  bool unanswered_ = false;
};

}  // namespace leak_exporter
