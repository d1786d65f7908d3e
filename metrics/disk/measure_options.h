#pragma once

#include <cstddef>
#include <cstdint>

namespace leak_exporter {

/// What a walk counts, and what bounds it.
struct MeasureOptions {
  /// Leave out what is on another filesystem, its mount point included, as
  /// `du -x` does. Otherwise other filesystems are entered, but never the
  /// kernel's own (proc, sysfs, cgroup …), whose sizes are not disk.
  bool one_filesystem = true;
  /// How many threads walk, the calling one included. The others start only
  /// for a tree that is large enough to be worth it.
  unsigned threads = 1;
  uint64_t max_entries = 50'000'000;
  /// Directories nested in each other.
  size_t max_depth = 4096;
  /// Inodes with several links that are remembered, in 22 to 43 bytes each;
  /// past them there is no allocated size.
  size_t max_hard_linked_inodes = 1'000'000;
  /// Descriptors that each thread holds at most, at least 2.
  size_t max_open_directories = 32;
  /// Names of subdirectories still to be entered that each thread remembers
  /// before it puts off reading on.
  size_t max_pending_bytes = size_t{256} * 1024;
};

}  // namespace leak_exporter
