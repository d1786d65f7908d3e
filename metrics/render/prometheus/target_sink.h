#pragma once

#include <sys/types.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <string_view>

#include "metrics/limits/limited_snapshot.h"
#include "metrics/render/prometheus/family_set.h"
#include "metrics/snapshot.h"

namespace leak_exporter::render {

/// Takes the samples of one target.
struct TargetSink {
  /// The value of the label `target`.
  std::string_view target;
  FamilySet& families;
};

/// A pid as a label value.
class PidLabel {
 public:
  explicit PidLabel(pid_t pid)
      : size_(static_cast<size_t>(
            std::to_chars(text_.data(), text_.data() + text_.size(), pid).ptr -
            text_.data())) {}
  operator std::string_view() const { return {text_.data(), size_}; }

 private:
  std::array<char, 12> text_;
  size_t size_;
};

/// Adds the number of rows that have no series of their own in a family.
inline void AddDropped(MetricId family, size_t dropped, const TargetSink& out) {
  out.families.Add(MetricId::kSeriesDropped,
                   {out.target, Describe(family).name}, dropped);
}
template <typename Row>
void AddDropped(MetricId family, const LimitedRows<Row>& rows,
                const TargetSink& out) {
  AddDropped(family, rows.dropped, out);
}

/// Each function adds the samples of one part of a target's snapshot. The rows
/// of lists that the outside world can make long come from `lists` alone.
void AddPart(const ProcessTreeSnapshot& tree, const LimitedLists& lists,
             const TargetSink& out);
void AddPart(const MemorySnapshot& memory, const LimitedLists& lists,
             const TargetSink& out);
void AddPart(const ProportionalMemorySnapshot& memory,
             const LimitedLists& lists, const TargetSink& out);
void AddPart(const MappingsSnapshot& mappings, const LimitedLists& lists,
             const TargetSink& out);
void AddPart(const OpenFilesSnapshot& files, const LimitedLists& lists,
             const TargetSink& out);
void AddPart(const DiskUsageSnapshot& disk, const LimitedLists& lists,
             const TargetSink& out);
void AddPart(const PythonHeapSnapshot& heap, const LimitedLists& lists,
             const TargetSink& out);

}  // namespace leak_exporter::render
