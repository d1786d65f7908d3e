#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "metrics/base/result.h"
#include "metrics/base/unique_fd.h"
#include "metrics/disk/file_id.h"

namespace leak_exporter {

/// What identifies a root among those that are open. Paths under two roots with
/// equal ids mean the same.
struct RootId {
  /// The kernel's number of the mount. All zeros for this process's own root.
  uint64_t mount = 0;
  FileId directory = {};

  auto operator<=>(const RootId&) const = default;
};

/// The directory that a process calls "/". Below it, paths mean what they mean
/// to that process: absolute symbolic links and ".." stay inside it. Immutable;
/// thread-safe.
class FileRoot {
 public:
  /// This process's own root.
  static FileRoot Own() { return {std::nullopt, RootId{}}; }
  /// Another process's root, given as a descriptor of /proc/PID/root. Paths are
  /// resolved by OpenBelow.
  static FileRoot Of(UniqueFd directory);

  /// Whether it is this process's own root.
  bool own() const { return !directory_; }
  /// Valid for as long as this object lives. On a kernel before 5.8, which does
  /// not tell mounts apart, no other root has the same id.
  const RootId& id() const { return id_; }

  /// Opens an absolute path with open(2)'s flags (O_CLOEXEC added). Errors name
  /// the path as given.
  Result<UniqueFd> Open(const std::string& path, int flags) const;

 private:
  FileRoot(std::optional<UniqueFd> directory, const RootId& id)
      : directory_(std::move(directory)), id_(id) {}

  std::optional<UniqueFd> directory_;
  RootId id_;
};

}  // namespace leak_exporter
