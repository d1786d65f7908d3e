#pragma once

#include <vector>

#include "metrics/base/error_tally.h"
#include "metrics/collectors/support/directory_places.h"
#include "metrics/targets/process_tree.h"

namespace leak_exporter {

/// The distinct temporary directories that descendants work in.
struct WorkingDirectories {
  std::vector<DirectoryPlace> places;
  /// False where there are working directories, but none could be looked at, or
  /// there are too many, or descriptors ran out before all were, or where it is
  /// not known in which ones the main processes work.
  bool known = true;
};

/// Finds the temporary directories that the descendants of a tree work in. Most
/// children inherit a working directory that nobody made for them. These do not
/// count: the directories that main processes work in, every directory above
/// those, and "/". Zombies have no working directory. Directories on the
/// kernel's own filesystems are among those found.
WorkingDirectories FindWorkingDirectories(const ProcessTree& tree,
                                          const Looking& looking,
                                          ErrorTally& errors);

}  // namespace leak_exporter
