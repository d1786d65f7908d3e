#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "metrics/base/deadline.h"
#include "metrics/cpython/heap/heap_scanner.h"
#include "metrics/cpython/heap/heap_visitor.h"
#include "metrics/cpython/objects/type_table.h"
#include "metrics/cpython/runtime/interpreter.h"
#include "metrics/remote/address_range.h"
#include "metrics/remote/remote_memory.h"

namespace leak_exporter::cpython {

struct HeapWalkLimits {
  ScanLimits scan;
  /// Objects in permanent generations (gc.freeze()); each takes 8 bytes of this
  /// program.
  size_t permanent_objects = size_t{1} << 20;
};

struct HeapWalk {
  ScanReport scan;
  /// Objects that gc.freeze() put aside (gc.get_freeze_count()).
  /// gc.get_objects() does not list them, and the walk does not visit them.
  /// Absent where the version has no gc.freeze(), or no list of them, and where
  /// the list could not be followed to its end.
  std::optional<uint64_t> permanent_objects;
  /// Why the walk is not complete; empty where it is.
  std::string incomplete;
};

/// Visits what gc.get_objects() lists in all interpreters of a process: the
/// objects that the collector tracks, without those of the permanent
/// generation. `types` is a table over `memory`.
Result<HeapWalk> WalkHeap(const RemoteMemory& memory,
                          const PythonRuntime& runtime,
                          std::span<const AddressRange> ranges,
                          TypeTable& types, HeapVisitor& visitor,
                          const HeapWalkLimits& limits,
                          const Deadline& deadline);

}  // namespace leak_exporter::cpython
