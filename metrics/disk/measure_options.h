#pragma once

#include <cstddef>
#include <cstdint>

namespace leak_exporter {

/// What a walk counts, and what bounds it.
struct MeasureOptions {
  /// Whether to leave out what is on another filesystem, its mount point
  /// included, as `du -x` does. Otherwise other filesystems are entered, but
  /// never the kernel's own (proc, sysfs, cgroup …), whose sizes are not disk.
  bool one_filesystem = true;
  /// How many threads walk, the calling one included. The others start only for
  /// a tree that is large enough to be worth it.
  unsigned threads = 1;
  uint64_t max_entries = 50'000'000;
  /// How deep directories may be nested in each other.
  size_t max_depth = 4096;
  /// How many inodes with several links are remembered. Where there are more,
  /// there is no allocated size. So many take 4 MiB, as they fill three
  /// quarters of 2^19 slots (see FileIdSet).
  size_t max_hard_linked_inodes = 393'216;
  /// The most descriptors that each thread holds; at least 2.
  size_t max_open_directories = 32;
  /// How many bytes of names of subdirectories that are still to be entered a
  /// thread remembers. Beyond that it enters some before it reads on.
  size_t max_pending_bytes = size_t{256} * 1024;
};

}  // namespace leak_exporter
