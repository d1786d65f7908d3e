#pragma once

namespace leak_exporter {

/// The system calls that not every configuration needs.
struct SyscallNeeds {
  /// ptrace(2), for python_heap's `freeze`.
  bool stops_targets = false;
};

}  // namespace leak_exporter
