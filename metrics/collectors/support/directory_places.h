#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "metrics/base/deadline.h"
#include "metrics/base/error_tally.h"
#include "metrics/base/result.h"
#include "metrics/base/unique_fd.h"
#include "metrics/collectors/support/target_roots.h"
#include "metrics/disk/file_id.h"
#include "metrics/procfs/process_handle.h"
#include "metrics/targets/process_tree.h"

namespace leak_exporter {

/// A directory that was seen, and how to reach it again without keeping a
/// descriptor of each.
struct DirectoryPlace {
  using Handle = std::shared_ptr<const procfs::ProcessHandle>;

  FileId id;
  /// As its user sees it.
  std::string path;
  /// The processes that work in it, oldest first; none for one that is reached
  /// by its path.
  std::vector<Handle> users;
  /// The main process that it belongs to.
  Handle main;
};

/// An open directory with what is needed to measure it.
struct OpenedPlace {
  UniqueFd fd;
  TargetRoots::Root root;
  /// Which of the users it was reached through; 0 for none.
  pid_t pid = 0;
};

/// Looks at a path as `main` sees it. ENOENT where there is nothing.
Result<DirectoryPlace> FindByPath(const TargetRoots& roots,
                                  const DirectoryPlace::Handle& main,
                                  const std::string& path);

/// The distinct temporary directories that descendants work in.
struct WorkingDirectories {
  std::vector<DirectoryPlace> places;
  /// False where there are working directories and none could be looked at.
  bool known = true;
};

/// Finds them. Most children inherit a working directory that nobody made for
/// them, so these do not count: where a main process works itself, every
/// directory above that, "/", and the kernel's own filesystems. Zombies have
/// none.
WorkingDirectories FindWorkingDirectories(const ProcessTree& tree,
                                          ErrorTally& errors);

/// The directories that an absolute pattern matches as `main` sees it.
std::vector<DirectoryPlace> FindByGlob(const TargetRoots& roots,
                                       const DirectoryPlace::Handle& main,
                                       const std::string& pattern,
                                       const Deadline& deadline,
                                       ErrorTally& errors);

/// Opens a place again (O_PATH). ENOENT where it is gone, not in use any more
/// or another directory by now.
Result<OpenedPlace> OpenPlace(const TargetRoots& roots,
                              const DirectoryPlace& place);

}  // namespace leak_exporter
