#pragma once

#include <string>

#include "metrics/base/deadline.h"
#include "metrics/base/directory_usage.h"
#include "metrics/base/result.h"
#include "metrics/disk/file_root.h"
#include "metrics/disk/measure_options.h"

namespace leak_exporter {

/// One thread for each CPU that this process may use, but at most two: a walk
/// is not worth more of the machine.
unsigned DefaultWalkThreads();

/// A directory as its user sees it.
struct DirectoryToMeasure {
  /// A descriptor, opened with or without O_PATH, that stays the caller's.
  int fd = -1;
  /// The absolute path under `root`. It is used in messages and, under another
  /// process's root, to resolve symbolic links.
  std::string path;
  const FileRoot& root;
};

/// Sums up everything below a directory by statx(2) of each name. Mount points
/// of automounts are left out and never triggered. Symbolic links are never
/// entered. What vanishes while it is measured does not count.
///
/// What cannot be read makes the whole size unknown: the result is then an
/// error that names the first such path and has its errno. The other codes are
/// ETIMEDOUT past the deadline, EOVERFLOW for sizes beyond 64 bits, EAGAIN
/// where directories were moved about at the same time, EOPNOTSUPP for one of
/// the kernel's own filesystems, and 0 where a limit of the options was
/// reached.
///
/// Blocks for as long as the filesystem does, so it belongs in a background
/// thread. Its memory is bounded by the options, not by the tree. Thread-safe.
Result<DirectoryUsage> MeasureDirectory(const DirectoryToMeasure& directory,
                                        const MeasureOptions& options,
                                        const Deadline& deadline);

}  // namespace leak_exporter
