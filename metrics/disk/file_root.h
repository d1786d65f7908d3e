#pragma once

#include <optional>
#include <string>

#include "metrics/base/result.h"
#include "metrics/base/unique_fd.h"

namespace leak_exporter {

/// The directory that a process calls "/". Below it, paths mean what they mean
/// to that process: absolute symbolic links and ".." stay inside it. Immutable;
/// thread-safe.
class FileRoot {
 public:
  /// This process's own root.
  static FileRoot Own() { return FileRoot(std::nullopt); }
  /// Another process's root, given as a descriptor of /proc/PID/root. Paths are
  /// resolved by OpenBelow.
  static FileRoot Of(UniqueFd directory) {
    return FileRoot(std::move(directory));
  }

  /// Whether it is this process's own root.
  bool own() const { return !directory_; }

  /// Opens an absolute path with open(2)'s flags (O_CLOEXEC added). Errors name
  /// the path as given.
  Result<UniqueFd> Open(const std::string& path, int flags) const;

 private:
  explicit FileRoot(std::optional<UniqueFd> directory)
      : directory_(std::move(directory)) {}

  std::optional<UniqueFd> directory_;
};

}  // namespace leak_exporter
