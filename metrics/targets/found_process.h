#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "metrics/procfs/stat.h"

namespace leak_exporter {

/// A process while it runs one program. Where two that were read for the same
/// pid differ, the process has called exec or the pid was reused.
struct Program {
  uint64_t start_time_ticks = 0;
  /// Raw bytes of the kernel's comm.
  std::string comm;
  bool forked_but_not_execed = false;
  uint64_t start_code = 0;
  uint64_t start_stack = 0;

  bool operator==(const Program&) const = default;
};

/// What one read of a process's stat says about who it is. Plain data.
struct FoundProcess {
  pid_t pid = 0;
  pid_t parent_pid = 0;
  char state = '?';
  bool kernel_thread = false;
  /// Whether all its threads have ended, so that it only waits to be reaped.
  bool ended = false;
  Program program;

  static FoundProcess Of(pid_t pid, const procfs::Stat& stat);

  /// Whether an exec would change `program`. False where the kernel hides the
  /// process's addresses from the exporter.
  bool shows_exec() const { return program.start_stack != 0 || kernel_thread; }
};

}  // namespace leak_exporter
