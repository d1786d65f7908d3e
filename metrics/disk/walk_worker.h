#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "metrics/base/directory_usage.h"
#include "metrics/disk/directory_reader.h"
#include "metrics/disk/walk_state.h"

namespace leak_exporter {

/// One thread's part of a walk. The worker takes directories from the shared
/// state and walks each depth first. When another worker is idle, it gives away
/// those waiting subdirectories that are nearest to the top. What it has still
/// to do is on its own stack, so no lock is taken while all workers are busy.
class WalkWorker {
 public:
  /// Calls `want_help` once, if the walk turns out to be long.
  WalkWorker(WalkState& state, std::function<void()> want_help = nullptr)
      : state_(state), want_help_(std::move(want_help)) {}

  /// Walks until the walk is over for all workers.
  void Run();

  /// What this worker counted. There are no allocated_bytes where links could
  /// not all be told apart.
  const DirectoryUsage& usage() const { return usage_; }

 private:
  void Walk(WalkedDirectory directory);
  void Read();
  void Count(const char* name);
  uint64_t SizeOfLinkTarget(const char* name, uint64_t own_size);
  bool IsLeftOut(const struct statx& status) const;
  void CountAllocated(const struct statx& status);

  void Enter();
  /// Opens a directory so that reading it does not change it, if allowed.
  UniqueFd Open(int directory_fd, const char* name);
  bool MayEnter(int fd, const std::string& name);
  void Leave();
  void SetAside(WalkedDirectory& directory);
  void Reopen(int child_fd);
  void Share();

  std::string Path(size_t depth) const;
  std::string PathOf(const char* name) const;
  void Fail(int code, const std::string& path);

  WalkState& state_;
  std::function<void()> want_help_;
  DirectoryReader reader_;
  DirectoryUsage usage_{.allocated_bytes = 0};
  /// The directories from the one that was taken down to the one being read.
  /// The first and the last are always open.
  std::vector<WalkedDirectory> stack_;
  /// The directories between the first and this one are set aside.
  size_t first_open_ = 1;
  size_t pending_bytes_ = 0;
  size_t entered_ = 0;
};

}  // namespace leak_exporter
