#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <vector>

/// Fails the fuzzer unless there are messages, and each is a single line of at
/// most so many bytes.
inline void RequireOneLineEach(const std::vector<std::string>& messages,
                               size_t most_bytes) {
  if (messages.empty()) std::abort();
  for (const std::string& message : messages) {
    const bool one_line = std::none_of(
        message.begin(), message.end(),
        [](char c) { return static_cast<unsigned char>(c) < 0x20; });
    if (!one_line || message.size() > most_bytes) std::abort();
  }
}
