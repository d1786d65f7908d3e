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

/// Serves small reads that follow pointers: from the current block, else from
/// ranges that were prefetched, else from a small cache of pages. Cached bytes
/// may be some milliseconds old. The number of reads for one block is limited,
/// so that a hostile heap cannot keep its reader busy: beyond the limit every
/// read fails. Not thread-safe.
class ReadCache {
 public:
  /// `memory` must outlive the cache.
  explicit ReadCache(const RemoteMemory& memory);

  /// Makes these bytes, which are at `begin`, the current block. They must stay
  /// valid until Leave(). The count of reads starts anew.
  void Enter(RemoteAddr begin, std::span<const std::byte> bytes) {
    begin_ = begin;
    bytes_ = bytes;
    reads_left_ = kReadsPerBlock;
  }

  /// Forgets the current block and what was prefetched.
  void Leave() {
    bytes_ = {};
    runs_.clear();
  }

  /// Reads many ranges at once. They are in ascending order, and are going to
  /// be read in about that order. Replaces what was prefetched before.
  void Prefetch(std::span<const AddressRange> ranges);

  /// Absent where it cannot be read.
  template <typename T>
  std::optional<T> Read(RemoteAddr address) {
    T value;
    if (!ReadExact(address, std::as_writable_bytes(std::span<T, 1>(&value, 1))))
      return std::nullopt;
    return value;
  }

  /// Fills all of `into`; false where that is not possible.
  bool ReadExact(RemoteAddr address, std::span<std::byte> into);

 private:
  static constexpr size_t kPageBytes = 4096;
  static constexpr size_t kPages = 64;
  /// About thirty times as many as blocks of real heaps take.
  static constexpr uint64_t kReadsPerBlock = 4'000'000;

  struct Page {
    RemoteAddr address{};
    size_t size = 0;
  };

  /// Prefetched ranges that were close enough to be read as one.
  struct Run {
    RemoteAddr begin{};
    size_t size = 0;
    /// Where its bytes begin in prefetched_.
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
