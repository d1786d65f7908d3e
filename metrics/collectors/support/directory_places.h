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

/// A directory that was seen, with what it takes to reach it again. It holds no
/// descriptor of the directory, since there may be many.
struct DirectoryPlace {
  using Handle = std::shared_ptr<const procfs::ProcessHandle>;

  FileId id;
  /// The path as its user sees it.
  std::string path;
  /// The processes that work in it, the oldest first. There are none for a
  /// directory that is reached by its path.
  std::vector<Handle> users;
  /// The main process that it belongs to.
  Handle main;
};

/// An open directory, with what it takes to measure it.
struct OpenedPlace {
  UniqueFd fd;
  TargetRoots::Root root;
  /// The user that it was reached through; 0 where it was reached by its path.
  pid_t pid = 0;
};

/// Finds the directory that a path leads to as `main` sees it. ENOENT where
/// there is none.
Result<DirectoryPlace> FindByPath(const TargetRoots& roots,
                                  const DirectoryPlace::Handle& main,
                                  const std::string& path);

/// The distinct temporary directories that descendants work in.
struct WorkingDirectories {
  std::vector<DirectoryPlace> places;
  /// False where there are working directories, but none could be looked at.
  bool known = true;
};

/// Finds the temporary directories that the descendants of a tree work in. Most
/// children inherit a working directory that nobody made for them. These do not
/// count: the directories that main processes work in, every directory above
/// those, "/", and whatever is on the kernel's own filesystems. Zombies have no
/// working directory.
WorkingDirectories FindWorkingDirectories(const ProcessTree& tree,
                                          ErrorTally& errors);

/// Finds the directories that an absolute pattern matches as `main` sees them;
/// see MatchDirectories.
std::vector<DirectoryPlace> FindByGlob(const TargetRoots& roots,
                                       const DirectoryPlace::Handle& main,
                                       const std::string& pattern,
                                       const Deadline& deadline,
                                       ErrorTally& errors);

/// Opens a place again, with O_PATH. ENOENT where the directory is gone, no
/// longer in use, or another directory by now.
Result<OpenedPlace> OpenPlace(const TargetRoots& roots,
                              const DirectoryPlace& place);

}  // namespace leak_exporter
