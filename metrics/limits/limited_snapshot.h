#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "metrics/limits/series_limits.h"
#include "metrics/snapshot.h"

namespace leak_exporter {

/// The name of the row that stands for all rows without series of their own.
inline constexpr std::string_view kOther = "(other)";

/// The rows of a list that have series.
template <typename Row>
struct LimitedRows {
  /// Rows of the snapshot, in the order of their series.
  std::vector<const Row*> own;
  /// The sum of the other rows, with the name kOther. Absent if there are no
  /// other rows, and in lists whose rows cannot be summed.
  std::optional<Row> other;
  /// How many rows have no series of their own.
  size_t dropped = 0;

  bool empty() const { return own.empty() && !other; }

  /// Visits the chosen rows and then the sum of the others.
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (const Row* const row : own) visit(*row);
    if (other) visit(*other);
  }
};

/// The lists of a target whose labels come from the outside world, as series
/// show them. Rows refer to the parts of the target's snapshot.
struct LimitedLists {
  /// Zombies first, then the oldest.
  LimitedRows<ChildProcess> children_by_age;
  /// Longest first.
  LimitedRows<ChildProcess> children_by_time_unreaped;
  LimitedRows<NamedBytes> mappings;
  /// Only directories that were measured.
  LimitedRows<TemporaryDirectory> temporary_directories;
  ByScope<LimitedRows<PythonTypeUsage>> python_types;
  LimitedRows<PythonProcessUsage> python_processes;
  /// There are only about a dozen built-in types, so that all have series.
  ByScope<LimitedRows<PythonTypeUsage>> python_untracked;
};

struct LimitedTarget {
  TargetSnapshot whole;
  LimitedLists lists;
};

/// A snapshot as series show it.
struct LimitedSnapshot {
  std::vector<LimitedTarget> targets;
};

/// Cuts every list and sums the other rows. `choices` must have been made for
/// this snapshot. Thread-safe.
LimitedSnapshot Limit(Snapshot snapshot, const std::vector<RowChoice>& choices);

}  // namespace leak_exporter
