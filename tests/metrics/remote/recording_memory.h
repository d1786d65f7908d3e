#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <vector>

#include "metrics/remote/image_memory.h"
#include "metrics/remote/remote_memory.h"

namespace leak_exporter {

/// Reads another memory and keeps what was read, for an image of just that.
class RecordingMemory final : public RemoteMemory {
 public:
  explicit RecordingMemory(const RemoteMemory& memory) : memory_(memory) {}

  Result<size_t> ReadSome(RemoteAddr address,
                          std::span<std::byte> into) const override {
    auto got = memory_.ReadSome(address, into);
    if (got) Keep(address, into.first(*got));
    return got;
  }

  /// Everything read so far; runs that touch are one segment.
  Result<ImageMemory> Recorded() const {
    std::vector<MemorySegment> segments;
    for (const auto& [address, piece] : pieces_) {
      for (size_t i = 0; i < kPieceBytes; ++i) {
        if (!piece.known[i]) continue;
        const RemoteAddr at = address + i;
        if (segments.empty() ||
            segments.back().address + segments.back().bytes.size() != at) {
          segments.push_back({at, {}});
        }
        segments.back().bytes.push_back(piece.bytes[i]);
      }
    }
    return ImageMemory::FromSegments(std::move(segments));
  }

 private:
  static constexpr size_t kPieceBytes = 4096;
  struct Piece {
    std::vector<std::byte> bytes = std::vector<std::byte>(kPieceBytes);
    std::vector<bool> known = std::vector<bool>(kPieceBytes);
  };

  void Keep(RemoteAddr address, std::span<const std::byte> bytes) const {
    for (size_t i = 0; i < bytes.size(); ++i) {
      const RemoteAddr at = address + i;
      const uint64_t offset = Value(at) % kPieceBytes;
      Piece& piece = pieces_[at - offset];
      piece.bytes[offset] = bytes[i];
      piece.known[offset] = true;
    }
  }

  const RemoteMemory& memory_;
  mutable std::map<RemoteAddr, Piece> pieces_;
};

}  // namespace leak_exporter
