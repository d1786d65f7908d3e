#pragma once

#include <initializer_list>
#include <optional>

#include "metrics/base/unique_fd.h"

namespace leak_exporter {

/// A descriptor that replaces signal handlers: poll it and take the signals
/// from it. The constructor blocks the signals in the calling thread, and
/// threads that this one starts later inherit that. Other threads must block
/// them themselves.
class SignalFd {
 public:
  /// Throws std::system_error if no descriptor is available.
  explicit SignalFd(std::initializer_list<int> signals);

  /// Readable while a signal is pending.
  int fd() const { return fd_.get(); }
  /// Takes the next pending signal. Absent if there is none; never blocks.
  std::optional<int> Take() const;

 private:
  UniqueFd fd_;
};

}  // namespace leak_exporter
