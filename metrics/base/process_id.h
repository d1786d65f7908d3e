#pragma once

#include <sys/types.h>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace leak_exporter {

/// What identifies a process. The kernel reuses a pid, but never together with
/// the same start time.
struct ProcessId {
  pid_t pid = 0;
  /// Field 22 of /proc/PID/stat: clock ticks after boot (proc(5)).
  uint64_t start_time_ticks = 0;

  auto operator<=>(const ProcessId&) const = default;
};

}  // namespace leak_exporter

template <>
struct std::hash<leak_exporter::ProcessId> {
  size_t operator()(const leak_exporter::ProcessId& id) const noexcept {
    return std::hash<uint64_t>{}(id.start_time_ticks * 0x9E3779B97F4A7C15U ^
                                 static_cast<uint64_t>(id.pid));
  }
};
