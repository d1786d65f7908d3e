#pragma once

#include <cstdint>
#include <optional>

namespace leak_exporter {

/// What is below a directory: how much, and how many entries.
struct DirectoryUsage {
  /// The sum of st_size over every entry below the directory. A symbolic link
  /// counts as what it points to.
  uint64_t apparent_bytes = 0;
  /// The space on disk, as `du -s --block-size=1` prints it: blocks * 512 of
  /// the directory itself and of every inode below it, each inode once. A
  /// symbolic link counts as itself. Absent where there are more hard-linked
  /// inodes than are remembered.
  std::optional<uint64_t> allocated_bytes;
  /// Names below the directory, at any depth.
  uint64_t entries = 0;
  /// Whether reading may have renewed the access time of a directory, because
  /// the kernel refused O_NOATIME.
  bool touched = false;
};

}  // namespace leak_exporter
