#pragma once

#include <initializer_list>
#include <optional>

#include "metrics/base/unique_fd.h"

namespace leak_exporter {

/// Signals as something to poll for, instead of handlers. Blocks them in the
/// thread that makes it and in all that it starts later, so it comes first.
class SignalFd {
 public:
  /// Throws std::system_error where there is no descriptor to be had.
  explicit SignalFd(std::initializer_list<int> signals);

  /// Readable while a signal waits.
  int fd() const { return fd_.get(); }
  /// The next one that waits, without blocking.
  std::optional<int> Take() const;

 private:
  UniqueFd fd_;
};

}  // namespace leak_exporter
