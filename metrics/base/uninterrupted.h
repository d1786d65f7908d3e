#pragma once

#include <cerrno>

namespace leak_exporter {

/// Makes a system call again as often as a signal interrupts it, and returns
/// what it returns then: -1 with errno where it fails.
template <typename Call>
auto Uninterrupted(const Call& call) -> decltype(call()) {
  for (;;) {
    const auto result = call();
    if (result != -1 || errno != EINTR) return result;
  }
}

}  // namespace leak_exporter
