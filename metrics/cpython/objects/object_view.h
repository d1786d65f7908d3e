#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "metrics/remote/remote_memory.h"

namespace leak_exporter::cpython {

/// The absolute value of any number, the lowest included.
constexpr uint64_t Magnitude(int64_t number) {
  const auto bits = static_cast<uint64_t>(number);
  return number < 0 ? 0 - bits : bits;
}

/// An object within the bytes that were read around it. What lies outside of
/// these bytes reads as 0, which is NULL; only a torn or hostile heap leads
/// there.
class ObjectView {
 public:
  /// `block` holds the object's first byte at `offset`.
  ObjectView(RemoteAddr address, std::span<const std::byte> block,
             size_t offset)
      : address_(address), block_(block), offset_(offset) {}

  RemoteAddr address() const { return address_; }

  /// `offset` may be negative: the collector's head and managed attributes
  /// stand before the object.
  template <typename T>
  T Get(int64_t offset) const {
    T value{};
    const uint64_t at = offset_ + static_cast<uint64_t>(offset);
    if (at <= block_.size() && sizeof(T) <= block_.size() - at)
      std::memcpy(&value, block_.data() + at, sizeof(T));
    return value;
  }
  uint64_t Word(int64_t offset) const { return Get<uint64_t>(offset); }
  int64_t Signed(int64_t offset) const { return Get<int64_t>(offset); }
  RemoteAddr Pointer(int64_t offset) const { return Get<RemoteAddr>(offset); }

 private:
  RemoteAddr address_;
  std::span<const std::byte> block_;
  size_t offset_;
};

}  // namespace leak_exporter::cpython
