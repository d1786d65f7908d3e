#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "metrics/base/clock.h"
#include "metrics/base/deadline.h"
#include "metrics/base/result.h"
#include "metrics/cpython/attach.h"
#include "metrics/cpython/heap/heap_visitor.h"
#include "metrics/cpython/heap/heap_walk.h"
#include "metrics/cpython/layout/layout.h"
#include "metrics/cpython/objects/type_table.h"
#include "metrics/cpython/runtime/gc_statistics.h"
#include "metrics/procfs/process_handle.h"

namespace leak_exporter::cpython {

/// Objects of one type, or of several of the same name.
struct NamedUsage {
  /// As TypeTable::ReadName() gives it.
  std::string name;
  /// As repr() shows the type: "<class 'dict'>"; 2.7 has "<type 'dict'>" too.
  std::string type_repr;
  uint64_t objects = 0;
  /// Sum of sys.getsizeof(); absent where it is not known for each of them: a
  /// type may have a __sizeof__ of its own.
  std::optional<uint64_t> bytes;
};

/// An object among the largest.
struct RankedRow {
  uint64_t number = 0;
  std::string type_repr;
  /// At most 100 characters.
  std::string repr;
};

struct ArenaUsage {
  uint64_t reserved_bytes = 0;
  uint64_t used_bytes = 0;
};

/// What one measurement of a CPython process gave.
struct PythonMeasurement {
  PythonVersion version;
  /// Why no object has a size or references; empty where they have.
  std::string unknown_sizes;
  HeapWalk walk;
  /// Why something may be missing from any part of this, for another reason
  /// than the walk's; absent where every read that matters succeeded.
  std::optional<Error> missed;
  double walk_seconds = 0;
  /// How long the process was stopped for a copy; 0 where it was not.
  double paused_seconds = 0;
  /// By name, most objects first. Where there are more than 8192 names, or more
  /// than half a MiB of them, the types with fewest objects are summed as
  /// "(other)".
  std::vector<NamedUsage> types;
  /// Objects that the collector does not track, by name, most first.
  std::vector<NamedUsage> untracked;
  /// By len(gc.get_referents()) and by sys.getsizeof(), largest first.
  std::vector<RankedRow> by_references;
  std::vector<RankedRow> by_bytes;
  /// Summed over the interpreters; empty where not known.
  std::vector<GenerationStatistics> generations;
  /// gc.get_count() by generation, summed likewise.
  std::vector<int64_t> gc_counts;
  std::optional<uint64_t> modules;
  std::optional<ArenaUsage> arenas;
  size_t interpreters = 0;

  /// Whether every part is about all that there is.
  bool whole() const { return walk.incomplete.empty() && !missed; }
};

struct MeasureOptions {
  AttachOptions attach;
  /// How many of the largest objects are ranked.
  size_t ranking = 10;
  /// Show what the ranked objects are, not only their types.
  bool values = true;
  HeapWalkLimits limits;
};

/// Measures an attached Python in one walk over its heap. `types` is a new
/// table over its memory. Each of `also` visits the same walk, after what
/// measures: whatever else is to be learnt of the same objects costs no second
/// walk. A walk that the deadline cuts short is a result that says so. Errors:
/// IsGone, IsPermission, and state of the interpreter that makes no sense.
Result<PythonMeasurement> MeasureAttached(
    const AttachedPython& python, TypeTable& types,
    std::span<HeapVisitor* const> extra_visitors, const MeasureOptions& options,
    const Clock& clock, const Deadline& deadline);

/// Attaches to a process and measures its Python heap; absent where the process
/// is no CPython. Errors are those of UsePython() and MeasureAttached().
/// Thread-safe.
Result<std::optional<PythonMeasurement>> MeasurePython(
    const procfs::ProcessHandle& process, const MeasureOptions& options,
    const Clock& clock, const Deadline& deadline);

}  // namespace leak_exporter::cpython
