#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "metrics/base/deadline.h"
#include "metrics/base/error_tally.h"
#include "metrics/base/result.h"
#include "metrics/base/unique_fd.h"
#include "metrics/collectors/support/target_roots.h"
#include "metrics/disk/directory_looks.h"
#include "metrics/disk/file_id.h"
#include "metrics/procfs/process_handle.h"

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
  /// The text of the users' link "cwd".
  std::string link = {};
};

/// What directories are looked at with. Whatever could hang on a dead file
/// server is done by `looks`, and waited for until `deadline` at most.
struct Looking {
  DirectoryLooks& looks;
  const Deadline& deadline;
};

/// Finds the directory that a path leads to as `main` sees it. ENOENT where
/// there is none.
Result<DirectoryPlace> FindByPath(const TargetRoots& roots,
                                  const DirectoryPlace::Handle& main,
                                  const std::string& path,
                                  const Looking& looking);

/// Finds the directories that an absolute pattern matches as `main` sees them;
/// see MatchDirectories.
std::vector<DirectoryPlace> FindByGlob(const TargetRoots& roots,
                                       const DirectoryPlace::Handle& main,
                                       const std::string& pattern,
                                       const Looking& looking,
                                       ErrorTally& errors);

/// How to open a place again. It owns what that takes, which is little however
/// many users the place has.
struct WayToPlace {
  struct User {
    DirectoryPlace::Handle process;
    TargetRoots::Root root;
  };

  FileId id;
  std::string path;
  /// Some users of the place; none for one that is reached by its path.
  std::vector<User> users;
  /// The root of the main process, for a place that is reached by its path.
  TargetRoots::Root root;

  /// The root that symbolic links are resolved under.
  const RootId& root_id() const {
    return users.empty() ? root->id() : users.front().root->id();
  }
};

/// Finds the way to a place through the oldest of its users that still work
/// there. Opens nothing that could hang.
Result<WayToPlace> FindWay(const TargetRoots& roots,
                           const DirectoryPlace& place);

/// An open directory, with what it takes to measure it.
struct OpenedPlace {
  UniqueFd fd;
  TargetRoots::Root root;
  /// The user that it was reached through; 0 where it was reached by its path.
  pid_t pid = 0;
};

/// Opens a place again, with O_PATH. ENOENT where the directory is gone, no
/// longer in use, or another directory by now. May hang.
Result<OpenedPlace> OpenPlace(const WayToPlace& way);

}  // namespace leak_exporter
