#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "metrics/base/deadline.h"
#include "metrics/base/directory_usage.h"
#include "metrics/base/result.h"
#include "metrics/disk/file_root.h"

namespace leak_exporter {

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

/// As many threads as this process may use CPUs, at most two: a walk is not
/// worth more of the machine.
unsigned DefaultWalkThreads();

/// A directory as its user sees it.
struct DirectoryToMeasure {
  /// Open with or without O_PATH; stays the caller's.
  int fd = -1;
  /// For messages and, under another root, to resolve symbolic links: the
  /// absolute path under `root`.
  std::string path;
  const FileRoot& root;
};

/// Sums up everything below a directory, by statx(2) of each name. Mount points
/// of automounts are left out and never triggered, symbolic links never
/// entered. What vanishes while it is measured does not count; what cannot be
/// read makes the whole size unknown. Errors name the first such path: the
/// errno, ETIMEDOUT past the deadline, EOVERFLOW for sizes beyond 64 bits,
/// EAGAIN where directories were moved about at the same time, EOPNOTSUPP for
/// one of the kernel's own filesystems, 0 for one of the limits. Blocks for as
/// long as the filesystem does, so this belongs in a background thread. Memory
/// is bounded by the options, not by the tree. Thread-safe.
Result<DirectoryUsage> MeasureDirectory(const DirectoryToMeasure& directory,
                                        const MeasureOptions& options,
                                        const Deadline& deadline);

}  // namespace leak_exporter
