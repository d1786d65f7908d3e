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
  /// What the copy may take here.
  uint64_t bytes = uint64_t{4} << 30;
  /// How long the process may stand still, each time.
  std::chrono::nanoseconds pause = std::chrono::seconds(2);
  /// How often it may be stopped, to find it outside of a collection.
  int attempts = 100;
};

/// The private writable memory of a process at one moment.
struct StoppedCopy {
  ImageMemory image;
  /// The map at that moment.
  MemoryMap map;
  std::chrono::nanoseconds paused{};
};

/// Stops a process, copies its memory, and lets it go on: not while its
/// collector runs, when the objects' links are in use for something else. The
/// memory for the copy is made ready before. See PtraceStop for the rights
/// that it takes and the thread it binds to. Errors: ETIMEDOUT past the
/// deadline or the longest pause; none leaves the process stopped.
Result<StoppedCopy> CopyStopped(const procfs::ProcessHandle& process,
                                const RemoteMemory& memory,
                                const PythonRuntime& runtime,
                                const StoppedCopyLimits& limits,
                                const Clock& clock, const Deadline& deadline);

}  // namespace leak_exporter::cpython
