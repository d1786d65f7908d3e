#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <utility>

namespace leak_exporter::procfs {

/// The place where the proc filesystem is mounted, and the paths below it.
/// Tests redirect it to a recorded tree. Immutable; thread-safe.
class ProcFs {
 public:
  explicit ProcFs(std::string root = "/proc") : root_(std::move(root)) {}

  const std::string& root() const { return root_; }
  /// "/proc/NAME"
  std::string Path(std::string_view name) const;
  /// "/proc/PID"
  std::string Path(pid_t pid) const;
  /// "/proc/PID/NAME"
  std::string Path(pid_t pid, std::string_view name) const;

 private:
  std::string root_;
};

}  // namespace leak_exporter::procfs
