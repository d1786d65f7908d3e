#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "metrics/base/clock.h"
#include "metrics/base/result.h"
#include "metrics/procfs/proc_fs.h"
#include "metrics/procfs/process_handle.h"
#include "metrics/procfs/status.h"
#include "metrics/targets/process_tree.h"

namespace leak_exporter {

/// The moment of a discovery on the two clocks that it needs.
struct DiscoveryTime {
  std::chrono::nanoseconds since_boot{};
  std::chrono::system_clock::time_point wall_time;

  static DiscoveryTime Now(const Clock& clock) {
    return {clock.SinceBoot(), clock.WallTime()};
  }
};

/// What is remembered of one process from discovery to discovery.
struct KnownProcess {
  std::shared_ptr<const procfs::ProcessHandle> handle;
  std::chrono::nanoseconds start_since_boot{};
  double start_time_unix_seconds = 0;
  std::optional<std::chrono::nanoseconds> zombie_since_boot;
  /// Its parent and its main process when it was last in the tree.
  pid_t parent_pid = 0;
  pid_t main_pid = 0;
  /// As they were last read. They tell whether it can have run since.
  char state = '?';
  uint32_t threads = 0;
  std::optional<uint64_t> context_switches;
  /// Whether it had no children when its children were last looked for.
  bool leaf = false;
  /// The discovery in which it was last in the tree.
  uint64_t generation = 0;
  /// The latest discovery before which it may have run.
  uint64_t last_run_generation = 0;
};

/// The processes of one target, kept from discovery to discovery. The table
/// keeps their handles, so that a reused pid is never taken for the process
/// that had it, and what only an observer can know, such as since when a zombie
/// is one. Not thread-safe.
class ProcessTable {
 public:
  /// Keeps at most `most_descriptors` open. Further processes are read by path.
  ProcessTable(procfs::ProcFs fs, size_t most_descriptors)
      : fs_(std::move(fs)), most_descriptors_(most_descriptors) {}

  const procfs::ProcFs& fs() const { return fs_; }

  /// Begins the next generation. The first has the number 1.
  void BeginGeneration(const DiscoveryTime& time);
  uint64_t generation() const { return generation_; }
  /// Drops what was not in the tree in this discovery.
  void EndGeneration();

  /// A process, with its status read just now. `known` stays valid until
  /// EndGeneration or a Read of the same pid.
  struct Reading {
    KnownProcess* known = nullptr;
    procfs::Status status;
  };
  /// Reads the process that has `pid` now. IsGone where there is none.
  Result<Reading> Read(pid_t pid);

  /// The process as it is remembered, or null. Never looks at /proc.
  KnownProcess* Find(pid_t pid);
  size_t size() const { return processes_.size(); }

  /// Whether the kernel has children files. It has until the contrary is told.
  bool kernel_lists_children() const { return kernel_lists_children_; }
  void KernelDoesNotListChildren() { kernel_lists_children_ = false; }

  /// The processes that were in the tree in the discovery before and have not
  /// been found again in this one, in order of their pids.
  std::vector<pid_t> Unseen() const;

  /// Takes a process into this discovery's tree and returns its sample.
  ProcessSample Accept(Reading reading, pid_t main_pid);

 private:
  Result<KnownProcess*> Open(pid_t pid);
  void Erase(std::unordered_map<pid_t, KnownProcess>::iterator entry);

  procfs::ProcFs fs_;
  size_t most_descriptors_;
  size_t descriptors_ = 0;
  std::unordered_map<pid_t, KnownProcess> processes_;
  uint64_t generation_ = 0;
  DiscoveryTime time_;
  bool kernel_lists_children_ = true;
  std::string buffer_;
};

}  // namespace leak_exporter
