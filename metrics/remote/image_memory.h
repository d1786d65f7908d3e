#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "metrics/remote/remote_memory.h"

namespace leak_exporter {

/// A run of recorded bytes.
struct MemorySegment {
  RemoteAddr address{};
  std::vector<std::byte> bytes;
};

/// Recorded memory: what was read once, to be read again without the process.
/// Serves tests and fuzzing, and a target that is stopped only for as long as
/// its memory is copied. Immutable; thread-safe.
class ImageMemory final : public RemoteMemory {
 public:
  /// Segments in any order. Those that are empty, overlap one before, or run
  /// over the end of the address space are an error.
  static Result<ImageMemory> FromSegments(std::vector<MemorySegment> segments);

  /// Parses an image: the 8 bytes "LEAKIMG1", then for each segment its address
  /// and its length, each as 8 bytes, little endian, and its bytes.
  static Result<ImageMemory> Parse(std::span<const std::byte> image);

  /// What Parse reads.
  std::string Serialize() const;

  Result<size_t> ReadSome(RemoteAddr address,
                          std::span<std::byte> into) const override;

  /// In ascending order.
  const std::vector<MemorySegment>& segments() const { return segments_; }

 private:
  explicit ImageMemory(std::vector<MemorySegment> segments)
      : segments_(std::move(segments)) {}

  std::vector<MemorySegment> segments_;
};

}  // namespace leak_exporter
