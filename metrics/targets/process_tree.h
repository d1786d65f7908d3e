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
  /// Shared, so that a background collector can keep it beyond the discovery.
  std::shared_ptr<const procfs::ProcessHandle> handle;
  procfs::Status status;
  /// When the process started.
  std::chrono::nanoseconds start_since_boot{};
  /// The same by the wall clock, to hundredths of a second. It is computed when
  /// the process is first seen and stays the same for the process's life.
  double start_time_unix_seconds = 0;
  /// The main process that it belongs to. A main process belongs to itself.
  pid_t main_pid = 0;
  /// Whether the process may have run since the discovery before. False only
  /// where the kernel's counts say that it has not executed an instruction.
  bool may_have_run = true;
  /// The latest discovery in which that was true. What only the process itself
  /// can change (its mappings, its descriptors) need not be read again if it
  /// was read in that discovery or later.
  uint64_t last_run_generation = 0;
  /// When a zombie was first seen as one.
  std::optional<std::chrono::nanoseconds> zombie_since_boot;

  pid_t pid() const { return handle->pid(); }
  bool zombie() const { return status.state == 'Z'; }
};

/// A target's processes in one discovery: those that its rules match, and all
/// their descendants. Plain data, which collectors may read after the discovery
/// too.
struct ProcessTree {
  /// The number of the discovery, counted for each target from 1. A collector
  /// that does not run in every discovery sees gaps.
  uint64_t generation = 0;
  std::vector<ProcessSample> main;
  /// In no order.
  std::vector<ProcessSample> descendants;
  /// False if there are more processes than can be remembered. Then there are
  /// no descendants here, because those that happened to be found say nothing.
  bool whole = true;
};

}  // namespace leak_exporter
