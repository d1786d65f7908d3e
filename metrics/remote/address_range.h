#pragma once

#include <cstdint>
#include <vector>

#include "metrics/remote/remote_memory.h"

namespace leak_exporter {

/// A piece of a process's address space.
struct AddressRange {
  RemoteAddr begin{};
  /// Exclusive.
  RemoteAddr end{};

  uint64_t size() const { return Value(end) - Value(begin); }
  bool Contains(RemoteAddr address) const {
    return begin <= address && address < end;
  }

  bool operator==(const AddressRange&) const = default;
};

/// The `size` bytes from `begin` on.
constexpr AddressRange RangeAt(RemoteAddr begin, uint64_t size) {
  return {begin, begin + size};
}

/// What lies in a range of `a` and in one of `b`. Each is in ascending order,
/// and so is the result.
std::vector<AddressRange> Intersection(const std::vector<AddressRange>& a,
                                       const std::vector<AddressRange>& b);

/// `ranges`, which are in ascending order, without what lies in `hole`.
std::vector<AddressRange> Without(const std::vector<AddressRange>& ranges,
                                  AddressRange hole);

}  // namespace leak_exporter
