#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "metrics/remote/address_range.h"
#include "metrics/remote/remote_memory.h"

namespace leak_exporter {

/// Small reads that follow pointers: out of the block at hand, else out of a
/// small cache of pages. What was cached may be some milliseconds old. After so
/// many reads for one block nothing can be read any more: a hostile heap cannot
/// keep its reader busy. Not thread-safe.
class ReadCache {
 public:
  /// `memory` must outlive it.
  explicit ReadCache(const RemoteMemory& memory);

  /// Looks into these bytes first from now on; they must stay valid.
  void Enter(RemoteAddr begin, std::span<const std::byte> bytes) {
    begin_ = begin;
    bytes_ = bytes;
    reads_left_ = kReadsPerBlock;
  }

  /// The bytes of Enter() end to be valid; what was prefetched is dropped.
  void Leave() {
    bytes_ = {};
    runs_.clear();
  }

  /// Reads ranges, ascending, that will be asked for in about that order, all
  /// at once. Replaces what was prefetched before.
  void Prefetch(std::span<const AddressRange> ranges);

  /// Absent where it cannot be read.
  template <typename T>
  std::optional<T> Read(RemoteAddr address) {
    T value;
    if (!ReadExact(address, std::as_writable_bytes(std::span<T, 1>(&value, 1))))
      return std::nullopt;
    return value;
  }

  /// Fills all of `into`, or says that it cannot.
  bool ReadExact(RemoteAddr address, std::span<std::byte> into);

 private:
  static constexpr size_t kPageBytes = 4096;
  static constexpr size_t kPages = 64;
  /// Some thirty times what blocks of real heaps take.
  static constexpr uint64_t kReadsPerBlock = 4'000'000;

  struct Page {
    RemoteAddr address{};
    size_t size = 0;
  };

  /// Prefetched ranges that are near each other.
  struct Run {
    RemoteAddr begin{};
    size_t size = 0;
    /// In prefetched_.
    size_t offset = 0;
  };

  std::span<const std::byte> PageOf(RemoteAddr address);
  std::span<const std::byte> FindPrefetched(RemoteAddr address, size_t size);

  const RemoteMemory& memory_;
  RemoteAddr begin_{};
  std::span<const std::byte> bytes_;
  uint64_t reads_left_ = kReadsPerBlock;
  std::array<Page, kPages> pages_{};
  std::vector<std::byte> storage_;
  std::vector<Run> runs_;
  size_t current_run_ = 0;
  std::vector<std::byte> prefetched_;
  std::vector<ReadRequest> requests_;
};

}  // namespace leak_exporter
