#include "metrics/collectors/python_heap.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "metrics/base/accumulate.h"
#include "metrics/cpython/measure_python.h"

namespace leak_exporter {
namespace {

std::vector<PythonObjectRow> MakeRows(
    const std::vector<cpython::RankedRow>& ranked) {
  std::vector<PythonObjectRow> rows;
  rows.reserve(ranked.size());
  for (const cpython::RankedRow& row : ranked) {
    rows.push_back({row.number, row.type_repr, row.repr});
  }
  return rows;
}

std::vector<PythonTypeUsage> MakeUsages(
    std::vector<cpython::NamedUsage> measured) {
  std::vector<PythonTypeUsage> usages;
  usages.reserve(measured.size());
  for (cpython::NamedUsage& type : measured) {
    usages.push_back({std::move(type.name), type.objects, type.bytes,
                      std::move(type.type_repr)});
  }
  return usages;
}

/// One list from one of each process, which have each name once, most objects
/// first.
std::vector<PythonTypeUsage> SumByName(
    const std::vector<std::span<const PythonTypeUsage>>& lists) {
  if (lists.size() == 1) return {lists[0].begin(), lists[0].end()};
  std::unordered_map<std::string_view, PythonTypeUsage> by_name;
  for (const auto& list : lists) {
    for (const PythonTypeUsage& usage : list) {
      const auto [sum, is_new] = by_name.try_emplace(usage.name, usage);
      if (is_new) continue;
      sum->second.objects += usage.objects;
      AddKnown(usage.bytes, sum->second.bytes);
    }
  }
  std::vector<PythonTypeUsage> sums;
  sums.reserve(by_name.size());
  for (auto& [name, sum] : by_name) sums.push_back(std::move(sum));
  std::ranges::sort(sums, [](const auto& a, const auto& b) {
    return std::tie(b.objects, a.name) < std::tie(a.objects, b.name);
  });
  return sums;
}

/// Sums what the main processes of a target have.
class Sums {
 public:
  void Add(pid_t pid, cpython::PythonMeasurement measurement) {
    AddEach(measurement.generations, generations_);
    AddEach(measurement.gc_counts, heap_.gc_counts);
    AddTo(measurement.walk.permanent_objects, heap_.permanent_objects);
    AddTo(measurement.modules, heap_.modules);
    if (measurement.arenas) {
      AddTo(measurement.arenas->reserved_bytes, heap_.arena_bytes);
      AddTo(measurement.arenas->used_bytes, heap_.arena_used_bytes);
    }
    heap_.walk_duration_seconds += measurement.walk_seconds;
    complete_ = complete_ && measurement.whole();
    untracked_.push_back(MakeUsages(std::move(measurement.untracked)));
    heap_.processes.push_back({pid, cpython::ToString(measurement.version),
                               MakeRows(measurement.by_references),
                               MakeRows(measurement.by_bytes),
                               MakeUsages(std::move(measurement.types)),
                               std::move(measurement.unknown_sizes)});
  }

  bool empty() const { return heap_.processes.empty(); }

  PythonHeapSnapshot Finish() {
    heap_.walk_complete = complete_;
    for (const cpython::GenerationStatistics& sum : generations_) {
      heap_.generations.push_back(
          {sum.collections, sum.collected, sum.uncollectable});
    }
    std::vector<std::span<const PythonTypeUsage>> types;
    for (const PythonProcess& process : heap_.processes) {
      types.emplace_back(process.types);
    }
    heap_.types = SumByName(types);
    heap_.untracked = SumByName({untracked_.begin(), untracked_.end()});
    return std::move(heap_);
  }

 private:
  PythonHeapSnapshot heap_;
  std::vector<cpython::GenerationStatistics> generations_;
  std::vector<std::vector<PythonTypeUsage>> untracked_;
  bool complete_ = true;
};

}  // namespace

// A process that is younger may still become something else.
bool IsStarting(const ProcessSample& process, const Clock& clock) {
  constexpr auto kStarting = std::chrono::seconds(10);
  return clock.SinceBoot() - process.start_since_boot < kStarting;
}

// Whether there is nothing to say of it yet.
bool IsTooEarly(const Error& error, const ProcessSample& process,
                const Clock& clock) {
  return error.code == EAGAIN ||
         (error.code == ENOTSUP && IsStarting(process, clock));
}

std::string NotPython(const ProcessSample& process) {
  const auto program = process.handle->ReadLink("exe");
  return process.handle->Path("exe") + ": no CPython in " +
         program.value_or("the program");
}

bool PythonHeapCollector::Collect(const CollectorContext& context,
                                  TargetSnapshot& snapshot,
                                  ErrorTally& errors) {
  cpython::MeasureOptions options;
  options.attach.freeze = config_.freeze;
  options.values = config_.values;
  Sums sums;
  bool failed = false;
  const ProcessSample* other = nullptr;
  for (const ProcessSample& process : context.tree.main) {
    if (process.zombie()) continue;
    auto measurement = cpython::MeasurePython(*process.handle, options,
                                              context.clock, context.deadline);
    if (!measurement &&
        IsTooEarly(measurement.error(), process, context.clock)) {
      continue;
    }
    if (!measurement) {
      errors.Add(measurement.error());
      failed = failed || !IsGone(measurement.error());
      continue;
    }
    if (!*measurement) {
      if (!IsStarting(process, context.clock)) other = &process;
      continue;
    }
    if (!(*measurement)->walk.incomplete.empty()) {
      errors.Add(ErrorCause::kLimit, process.handle->Path("mem") +
                                         ": heap walked in part: " +
                                         (*measurement)->walk.incomplete);
    }
    if ((*measurement)->missed) errors.Add(*(*measurement)->missed);
    if (!(*measurement)->unknown_sizes.empty()) {
      errors.Add(ErrorCause::kUnsupported, process.handle->Path("exe") + ": " +
                                               (*measurement)->unknown_sizes);
    }
    sums.Add(process.pid(), **std::move(measurement));
  }
  if (sums.empty() && !failed && other != nullptr) {
    errors.Add(ErrorCause::kNotPython, NotPython(*other));
  }
  if (!sums.empty()) {
    snapshot.python_heap = std::make_shared<PythonHeapSnapshot>(sums.Finish());
  }
  return !failed;
}

}  // namespace leak_exporter
