#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "metrics/remote/image_memory.h"

namespace leak_exporter {

/// Memory made by hand. Pages that something was put on exist, with 0 in all
/// other places; no other page does.
class MemoryBuilder {
 public:
  template <typename T>
  MemoryBuilder& Put(RemoteAddr address, T value) {
    static_assert(std::is_trivially_copyable_v<T>);
    PutBytes(address, std::as_bytes(std::span<const T, 1>(&value, 1)));
    return *this;
  }
  /// With a NUL at its end.
  MemoryBuilder& PutText(RemoteAddr address, std::string_view text) {
    PutBytes(address, std::as_bytes(std::span(text)));
    return Put(address + text.size(), '\0');
  }

  void PutBytes(RemoteAddr address, std::span<const std::byte> bytes) {
    for (size_t i = 0; i < bytes.size(); ++i) {
      const uint64_t at = Value(address + i);
      std::vector<std::byte>& page = pages_[at / kPageBytes * kPageBytes];
      page.resize(kPageBytes);
      page[at % kPageBytes] = bytes[i];
    }
  }

  ImageMemory Build() const {
    std::vector<MemorySegment> segments;
    for (const auto& [page, bytes] : pages_) {
      segments.push_back({RemoteAddr{page}, bytes});
    }
    return *ImageMemory::FromSegments(std::move(segments));
  }

 private:
  static constexpr uint64_t kPageBytes = 4096;

  std::map<uint64_t, std::vector<std::byte>> pages_;
};

}  // namespace leak_exporter
