#pragma once

#include <string>

#include "metrics/base/deadline.h"
#include "metrics/base/directory_usage.h"
#include "metrics/base/result.h"
#include "metrics/disk/file_root.h"
#include "metrics/disk/measure_options.h"

namespace leak_exporter {

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
