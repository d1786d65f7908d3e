#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "metrics/base/clock.h"
#include "metrics/base/deadline.h"
#include "metrics/cpython/runtime/interpreter.h"
#include "metrics/procfs/process_handle.h"
#include "metrics/remote/image_memory.h"
#include "metrics/remote/memory_map.h"
#include "metrics/remote/remote_memory.h"

namespace leak_exporter::cpython {

struct StoppedCopyLimits {
  /// How much memory the copy may take.
  uint64_t bytes = uint64_t{4} << 30;
  /// How long the process may be stopped each time.
  std::chrono::nanoseconds pause = std::chrono::seconds(2);
  /// How often the process may be stopped until it is found outside of a
  /// collection.
  int attempts = 100;
};

/// The writable memory of a process at one moment, without what it shares with
/// others.
struct StoppedCopy {
  ImageMemory image;
  /// The map at that moment.
  MemoryMap map;
  std::chrono::nanoseconds paused{};
};

/// Stops a process, copies its memory and lets it go on. No copy is made while
/// its collector runs, as the objects' links are then in use for something
/// else. The memory for the copy is allocated before the process is stopped.
/// See PtraceStop for the rights that stopping takes, and for the thread that
/// it belongs to.
///
/// Errors: ETIMEDOUT where the deadline or the longest pause is exceeded, or a
/// collection always runs; ENOMEM where there is more to copy than `limits`
/// allow; errors of reading. None leaves the process stopped.
Result<StoppedCopy> CopyStopped(const procfs::ProcessHandle& process,
                                const RemoteMemory& memory,
                                const PythonRuntime& runtime,
                                const StoppedCopyLimits& limits,
                                const Clock& clock, const Deadline& deadline);

}  // namespace leak_exporter::cpython
