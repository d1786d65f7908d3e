#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "metrics/remote/remote_memory.h"

namespace leak_exporter {

inline std::vector<std::byte> Bytes(const std::string& text) {
  const auto* begin = reinterpret_cast<const std::byte*>(text.data());
  return {begin, begin + text.size()};
}

/// What one read gives of `size` bytes, or "error CODE".
inline std::string ReadText(const RemoteMemory& memory, RemoteAddr address,
                            size_t size) {
  std::string text(size, '\0');
  const auto got = memory.ReadSome(
      address, std::as_writable_bytes(std::span(text.data(), text.size())));
  return got ? text.substr(0, *got)
             : "error " + std::to_string(got.error().code);
}

}  // namespace leak_exporter
