#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "metrics/base/clock.h"
#include "metrics/base/deadline.h"
#include "metrics/cpython/image_memory.h"
#include "metrics/cpython/interpreter.h"
#include "metrics/cpython/memory_map.h"
#include "metrics/cpython/remote_memory.h"
#include "metrics/procfs/process_handle.h"

namespace leak_exporter::cpython {

struct FrozenCopyLimits {
  /// What the copy may take here.
  uint64_t bytes = uint64_t{4} << 30;
  /// How long the process may stand still, each time.
  std::chrono::nanoseconds pause = std::chrono::seconds(2);
  /// How often it may be stopped, to find it outside of a collection.
  int attempts = 100;
};

/// The private writable memory of a process at one moment.
struct FrozenCopy {
  ImageMemory image;
  /// The map at that moment.
  std::vector<MemoryRegion> regions;
  std::chrono::nanoseconds paused{};
};

/// Stops a process, copies its memory, and lets it go on: not while its
/// collector runs, when the objects' links are in use for something else. The
/// memory for the copy is made ready before. See ProcessFreezer for the rights
/// that it takes and the thread it binds to. Errors: ETIMEDOUT past the
/// deadline or the longest pause; none leaves the process stopped.
Result<FrozenCopy> CopyFrozen(const procfs::ProcessHandle& process,
                              const RemoteMemory& memory,
                              const PythonRuntime& runtime,
                              const FrozenCopyLimits& limits,
                              const Clock& clock, const Deadline& deadline);

/// A copy of what changes, and the process itself for what does not (program
/// text and constants).
class OverlaidMemory final : public RemoteMemory {
 public:
  /// Both must outlive it.
  OverlaidMemory(const RemoteMemory& above, const RemoteMemory& below)
      : above_(above), below_(below) {}

  Result<size_t> ReadSome(RemoteAddr address,
                          std::span<std::byte> into) const override;

 private:
  const RemoteMemory& above_;
  const RemoteMemory& below_;
};

}  // namespace leak_exporter::cpython
