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

/// One thread's part of a walk: takes directories from the shared state and
/// walks each depth first, giving away the shallowest subdirectories that wait
/// when another worker is idle. Whatever is still to be done is on this
/// worker's own stack, so no lock is taken while everyone is busy.
class WalkWorker {
 public:
  /// `want_help` is called once, when the walk turns out to be long.
  WalkWorker(WalkState& state, std::function<void()> want_help = nullptr)
      : state_(state), want_help_(std::move(want_help)) {}

  /// Returns when the walk is over, for all workers.
  void Run();

  /// What this worker counted. Without a value in allocated_bytes where links
  /// could not all be told apart.
  const DirectoryUsage& usage() const { return usage_; }

 private:
  void Walk(WalkedDirectory directory);
  void Read();
  void Count(const char* name);
  uint64_t SizeOfLinkTarget(const char* name, uint64_t own_size);
  bool IsLeftOut(const struct statx& status) const;
  void CountAllocated(const struct statx& status);

  void Enter();
  bool MayEnter(int fd);
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
  /// From the directory that was taken down to the one being read, which is
  /// always open, as is the first.
  std::vector<WalkedDirectory> stack_;
  /// Those between the first and this one are set aside.
  size_t first_open_ = 1;
  size_t pending_bytes_ = 0;
  size_t entered_ = 0;
};

}  // namespace leak_exporter
