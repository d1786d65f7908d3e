#pragma once

#include <cstdint>
#include <optional>

namespace leak_exporter {

/// A directory's size as the contract defines it.
struct DirectoryUsage {
  /// Sum of st_size over every entry below, a symbolic link counted as what it
  /// points to.
  uint64_t apparent_bytes = 0;
  /// Blocks * 512, each inode once, symbolic links as themselves, the directory
  /// itself included: what `du -s --block-size=1` prints. Absent where there
  /// are more hard-linked inodes than are remembered.
  std::optional<uint64_t> allocated_bytes;
  uint64_t entries = 0;
};

}  // namespace leak_exporter
