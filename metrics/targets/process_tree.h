#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "metrics/procfs/process_handle.h"
#include "metrics/procfs/status.h"

namespace leak_exporter {

/// A process as one discovery read it.
struct ProcessSample {
  /// Shared, so that a background collector keeps the identity beyond the
  /// discovery.
  std::shared_ptr<const procfs::ProcessHandle> handle;
  procfs::Status status;
  /// Since boot, from the start time.
  std::chrono::nanoseconds start_since_boot{};
  /// The same on the wall clock of when the process was first seen: constant
  /// for its life, to hundredths of a second.
  double start_time_unix_seconds = 0;
  /// The main process it belongs to; its own pid for a main process.
  pid_t main_pid = 0;
  /// False only where the kernel's counts say that the process has not executed
  /// an instruction since the discovery before.
  bool may_have_run = true;
  /// The latest discovery in which that was true: what was read in it or later,
  /// and only the process itself can change (its mappings, its descriptors),
  /// need not be read again.
  uint64_t last_run_generation = 0;
  /// Zombies: since boot, when it was first seen as one.
  std::optional<std::chrono::nanoseconds> zombie_since_boot;

  pid_t pid() const { return handle->pid(); }
  bool zombie() const { return status.state == 'Z'; }
};

/// A target's processes in one discovery: those its rules match and all their
/// descendants. Plain data; collectors read it, also after the discovery.
struct ProcessTree {
  /// Counts the discoveries of this target, those without a given collector
  /// included.
  uint64_t generation = 0;
  std::vector<ProcessSample> main;
  /// Without order.
  std::vector<ProcessSample> descendants;
};

}  // namespace leak_exporter
