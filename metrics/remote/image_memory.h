#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "metrics/remote/remote_memory.h"

namespace leak_exporter {

/// Recorded bytes that follow each other.
struct MemorySegment {
  RemoteAddr address{};
  std::vector<std::byte> bytes;
};

/// Recorded memory, which can be read again without the process that it was
/// read from. Tests and fuzzers use it, and so does a target that is stopped
/// only while its memory is copied. Immutable and thread-safe.
class ImageMemory final : public RemoteMemory {
 public:
  /// Takes segments in any order. A segment that is empty, overlaps another, or
  /// runs over the end of the address space is an error.
  static Result<ImageMemory> FromSegments(std::vector<MemorySegment> segments);

  /// Parses an image. It begins with the 8 bytes "LEAKIMG1". Each segment
  /// follows as its address (8 bytes, little endian), its length (likewise) and
  /// its bytes.
  static Result<ImageMemory> Parse(std::span<const std::byte> image);

  /// Writes the image that Parse() reads.
  std::string Serialize() const;

  Result<size_t> ReadSome(RemoteAddr address,
                          std::span<std::byte> into) const override;

  /// The segments, in ascending order.
  const std::vector<MemorySegment>& segments() const { return segments_; }

 private:
  explicit ImageMemory(std::vector<MemorySegment> segments)
      : segments_(std::move(segments)) {}

  std::vector<MemorySegment> segments_;
};

}  // namespace leak_exporter
