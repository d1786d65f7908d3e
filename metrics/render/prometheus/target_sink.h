#pragma once

#include <sys/types.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <string_view>

#include "metrics/render/prometheus/family_set.h"
#include "metrics/snapshot.h"

namespace leak_exporter::render {

/// The value of labels that stand for what a limit folded together.
inline constexpr std::string_view kOther = "(other)";

/// Where one target's samples go.
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

/// Says how many series of a family a limit withheld.
inline void AddDropped(MetricId family, size_t series, const TargetSink& out) {
  out.families.Add(MetricId::kSeriesDropped,
                   {out.target, Describe(family).name}, series);
}

/// Each adds the samples of one part of a target's snapshot.
void AddProcessTree(const ProcessTreeSnapshot& tree, const TargetSink& out);
void AddMemory(const MemorySnapshot& memory, const TargetSink& out);
void AddProportionalMemory(const ProportionalMemorySnapshot& memory,
                           const TargetSink& out);
void AddMappings(const MappingsSnapshot& mappings, const TargetSink& out);
void AddOpenFiles(const OpenFilesSnapshot& files, const TargetSink& out);
void AddDiskUsage(const DiskUsageSnapshot& disk, const TargetSink& out);
void AddPythonHeap(const PythonHeapSnapshot& heap, const TargetSink& out);

}  // namespace leak_exporter::render
