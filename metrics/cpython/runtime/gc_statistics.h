#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "metrics/cpython/layout/layout.h"
#include "metrics/cpython/runtime/interpreter.h"
#include "metrics/remote/remote_memory.h"

namespace leak_exporter::cpython {

/// What gc.get_stats() gives for one generation.
struct GenerationStatistics {
  uint64_t collections = 0;
  uint64_t collected = 0;
  uint64_t uncollectable = 0;

  bool operator==(const GenerationStatistics&) const = default;
  GenerationStatistics& operator+=(const GenerationStatistics& other) {
    collections += other.collections;
    collected += other.collected;
    uncollectable += other.uncollectable;
    return *this;
  }
};

/// Reads gc.get_stats() of an interpreter: generations 0 to 2. Absent where the
/// version keeps none (2.7), or where it cannot be told where they are (a
/// stripped 3.6).
Result<std::optional<std::vector<GenerationStatistics>>> ReadGcStatistics(
    const RemoteMemory& memory, const Layout& layout,
    const Interpreter& interpreter);

/// Reads gc.get_count(): what counts towards the next collection of each
/// generation. Empty in free-threaded builds, which have no generations.
Result<std::vector<int32_t>> ReadGcCounts(const RemoteMemory& memory,
                                          const Layout& layout,
                                          const Interpreter& interpreter);

/// Whether a collection runs now; absent where that cannot be told.
Result<std::optional<bool>> ReadCollecting(const RemoteMemory& memory,
                                           const Interpreter& interpreter);

/// Reads len(sys.modules). Absent where the interpreter's state was not found.
Result<std::optional<uint64_t>> ReadModuleCount(const RemoteMemory& memory,
                                                const Layout& layout,
                                                const Interpreter& interpreter);

}  // namespace leak_exporter::cpython
