#include "metrics/collectors/python_heap.h"

#include <algorithm>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "metrics/cpython/measure_python.h"

namespace leak_exporter {
namespace {

// As many as the MEMORY block has.
constexpr size_t kRows = 10;

using UsageByName = std::unordered_map<std::string, PythonTypeUsage>;

void AddUsage(const PythonTypeUsage& usage, PythonTypeUsage& sum) {
  sum.objects += usage.objects;
  if (usage.bytes) sum.bytes = sum.bytes.value_or(0) + *usage.bytes;
}

std::vector<PythonObjectRow> MakeRows(
    const std::vector<cpython::RankedRow>& ranked) {
  std::vector<PythonObjectRow> rows;
  rows.reserve(ranked.size());
  for (const cpython::RankedRow& row : ranked) {
    rows.push_back({row.number, row.type_repr, row.repr});
  }
  return rows;
}

PythonProcess MakeProcess(pid_t pid,
                          const cpython::PythonMeasurement& measurement) {
  PythonProcess process;
  process.pid = pid;
  process.version = cpython::ToString(measurement.version);
  const size_t rows = std::min(kRows, measurement.types.size());
  for (size_t i = 0; i < rows; ++i) {
    const cpython::NamedUsage& type = measurement.types[i];
    process.by_count.push_back({type.objects, type.type_repr, ""});
  }
  process.by_references = MakeRows(measurement.by_references);
  process.by_bytes = MakeRows(measurement.by_bytes);
  return process;
}

std::vector<PythonTypeUsage> Sort(UsageByName usages) {
  std::vector<PythonTypeUsage> sorted;
  sorted.reserve(usages.size());
  for (auto& [name, usage] : usages) {
    usage.name = name;
    sorted.push_back(std::move(usage));
  }
  std::sort(sorted.begin(), sorted.end(),
            [](const PythonTypeUsage& a, const PythonTypeUsage& b) {
              return a.objects != b.objects ? a.objects > b.objects
                                            : a.name < b.name;
            });
  return sorted;
}

/// Sums what the main processes of a target have.
class Sums {
 public:
  void Add(pid_t pid, const cpython::PythonMeasurement& measurement) {
    heap_.processes.push_back(MakeProcess(pid, measurement));
    for (const cpython::NamedUsage& type : measurement.types) {
      AddUsage({type.name, type.objects, type.bytes}, types_[type.name]);
    }
    for (const cpython::NamedUsage& type : measurement.untracked) {
      AddUsage({type.name, type.objects, type.bytes}, untracked_[type.name]);
    }
    AddGenerations(measurement.generations);
    heap_.gc_counts.resize(
        std::max(heap_.gc_counts.size(), measurement.gc_counts.size()));
    for (size_t i = 0; i < measurement.gc_counts.size(); ++i) {
      heap_.gc_counts[i] += measurement.gc_counts[i];
    }
    heap_.permanent_objects += measurement.walk.permanent_objects;
    if (measurement.modules) {
      heap_.modules = heap_.modules.value_or(0) + *measurement.modules;
    }
    if (measurement.arenas) {
      heap_.arena_bytes =
          heap_.arena_bytes.value_or(0) + measurement.arenas->reserved_bytes;
      heap_.arena_used_bytes =
          heap_.arena_used_bytes.value_or(0) + measurement.arenas->used_bytes;
    }
    heap_.walk_duration_seconds += measurement.walk_seconds;
    complete_ = complete_ && measurement.walk.incomplete.empty();
  }

  bool empty() const { return heap_.processes.empty(); }

  PythonHeapSnapshot Finish(HystereticTopN& top) {
    heap_.walk_complete = complete_;
    // A dozen built-in types: all of them have series.
    heap_.untracked.largest = Sort(std::move(untracked_));
    heap_.types = Cut(Sort(std::move(types_)), top);
    return std::move(heap_);
  }

 private:
  void AddGenerations(
      const std::vector<cpython::GenerationStatistics>& generations) {
    auto& sums = heap_.generations;
    for (size_t i = sums.size(); i < generations.size(); ++i) {
      sums.push_back({std::to_string(i), 0, 0, 0});
    }
    for (size_t i = 0; i < generations.size(); ++i) {
      sums[i].collections += generations[i].collections;
      sums[i].collected += generations[i].collected;
      sums[i].uncollectable += generations[i].uncollectable;
    }
  }

  static PythonTypeTable Cut(std::vector<PythonTypeUsage> types,
                             HystereticTopN& top) {
    std::vector<std::string> names;
    names.reserve(types.size());
    for (const PythonTypeUsage& type : types) names.push_back(type.name);
    const std::vector<size_t> chosen = top.Choose(names);

    PythonTypeTable table;
    table.withheld = types.size() - chosen.size();
    auto next = chosen.begin();
    for (size_t i = 0; i < types.size(); ++i) {
      if (next != chosen.end() && *next == i) {
        table.largest.push_back(std::move(types[i]));
        ++next;
        continue;
      }
      if (!table.other) table.other = PythonTypeUsage{"(other)", 0, {}};
      AddUsage(types[i], *table.other);
    }
    return table;
  }

  PythonHeapSnapshot heap_;
  UsageByName types_;
  UsageByName untracked_;
  bool complete_ = true;
};

}  // namespace

bool PythonHeapCollector::Collect(const CollectorContext& context,
                                  TargetSnapshot& snapshot,
                                  ErrorTally& errors) {
  cpython::MeasureOptions options;
  options.freeze = config_.freeze;
  options.values = config_.values;
  Sums sums;
  bool failed = false;
  for (const ProcessSample& process : context.tree.main) {
    if (process.zombie()) continue;
    const auto measurement = cpython::MeasurePython(
        *process.handle, options, context.clock, context.deadline);
    if (!measurement) {
      errors.Add(measurement.error());
      failed = failed || !IsGone(measurement.error());
      continue;
    }
    if (!*measurement) continue;
    if (!(*measurement)->walk.incomplete.empty()) {
      errors.Add(ErrorCause::kLimit, process.handle->Path("mem") +
                                         ": heap walked in part: " +
                                         (*measurement)->walk.incomplete);
    }
    sums.Add(process.pid(), **measurement);
  }
  if (!sums.empty()) {
    snapshot.python_heap =
        std::make_shared<PythonHeapSnapshot>(sums.Finish(top_));
  }
  return !failed;
}

}  // namespace leak_exporter
