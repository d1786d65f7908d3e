#include "metrics/collectors/python_heap.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "metrics/base/accumulate.h"
#include "metrics/cpython/measure_python.h"

namespace leak_exporter {
namespace {

// What the lists of a target's processes may take, and what the sums over them.
constexpr size_t kMostListBytes = size_t{4} << 20;
constexpr size_t kMostTypeBytes = size_t{4} << 20;

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

/// The memory that a list of types takes.
size_t BytesOf(const std::vector<PythonTypeUsage>& types) {
  size_t bytes = 0;
  for (const PythonTypeUsage& type : types) {
    bytes += sizeof(type) + type.name.size() + type.repr.size();
  }
  return bytes;
}

size_t BytesOf(const std::vector<PythonObjectRow>& rows) {
  size_t bytes = 0;
  for (const PythonObjectRow& row : rows) {
    bytes += sizeof(row) + row.type_repr.size() + row.repr.size();
  }
  return bytes;
}

/// Sums lists of types by name. Where there are too many names, the rest is
/// summed as "(other)", as a list may do itself.
class TypeSums {
 public:
  void Add(const std::vector<PythonTypeUsage>& types) {
    for (const PythonTypeUsage& usage : types) {
      const auto known = by_name_.find(usage.name);
      if (known != by_name_.end()) {
        AddTo(usage, known->second);
        continue;
      }
      bytes_ += sizeof(usage) + 2 * usage.name.size() + usage.repr.size();
      const bool has_room = bytes_ <= kMostTypeBytes || by_name_.empty();
      const auto [sum, is_new] =
          by_name_.try_emplace(has_room ? usage.name : kRest, usage);
      if (!is_new) {
        AddTo(usage, sum->second);
      } else if (!has_room) {
        sum->second.name = sum->second.repr = kRest;
      }
    }
  }

  /// Most objects first.
  std::vector<PythonTypeUsage> Take() {
    std::vector<PythonTypeUsage> sums;
    sums.reserve(by_name_.size());
    while (!by_name_.empty()) {
      sums.push_back(std::move(by_name_.extract(by_name_.begin()).mapped()));
    }
    std::ranges::sort(sums, [](const auto& a, const auto& b) {
      return std::tie(b.objects, a.name) < std::tie(a.objects, b.name);
    });
    return sums;
  }

 private:
  static void AddTo(const PythonTypeUsage& usage, PythonTypeUsage& sum) {
    sum.objects += usage.objects;
    AddKnown(usage.bytes, sum.bytes);
  }

  static constexpr const char* kRest = "(other)";

  std::unordered_map<std::string, PythonTypeUsage> by_name_;
  size_t bytes_ = 0;
};

/// Sums what the Python processes of a scope have.
class Sums {
 public:
  void Add(pid_t pid, cpython::PythonMeasurement measurement) {
    AddEach(measurement.generations, generations_);
    AddEach(measurement.gc_counts, sums_.gc_counts);
    AddTo(measurement.walk.permanent_objects, sums_.permanent_objects);
    AddTo(measurement.modules, sums_.modules);
    if (measurement.arenas) {
      AddTo(measurement.arenas->reserved_bytes, sums_.arena_bytes);
      AddTo(measurement.arenas->used_bytes, sums_.arena_used_bytes);
    }
    sums_.walk_duration_seconds += measurement.walk_seconds;
    complete_ = complete_ && measurement.whole();
    untracked_.Add(MakeUsages(std::move(measurement.untracked)));
    PythonProcess process{pid,
                          cpython::ToString(measurement.version),
                          MakeRows(measurement.by_references),
                          MakeRows(measurement.by_bytes),
                          MakeUsages(std::move(measurement.types)),
                          std::move(measurement.unknown_sizes)};
    types_.Add(process.types);
    KeepLists(process);
    processes_.push_back(std::move(process));
  }

  /// Whether a process has no lists of its own, because there was no room.
  bool dropped_lists() const { return dropped_lists_; }

  bool empty() const { return processes_.empty(); }

  PythonHeapSnapshot Finish() {
    sums_.walk_complete = complete_;
    for (const cpython::GenerationStatistics& sum : generations_) {
      sums_.generations.push_back(
          {sum.collections, sum.collected, sum.uncollectable});
    }
    sums_.types = types_.Take();
    sums_.untracked = untracked_.Take();
    return {std::move(processes_), {std::move(sums_), std::nullopt}};
  }

 private:
  /// Drops the lists of a process where there is no room for them.
  void KeepLists(PythonProcess& process) {
    bytes_ += sizeof(process) + BytesOf(process.types) +
              BytesOf(process.by_references) + BytesOf(process.by_bytes);
    if (bytes_ <= kMostListBytes || processes_.empty()) return;
    dropped_lists_ = true;
    process.types = {};
    process.by_references = process.by_bytes = {};
  }

  std::vector<PythonProcess> processes_;
  PythonHeapSums sums_;
  std::vector<cpython::GenerationStatistics> generations_;
  TypeSums types_;
  TypeSums untracked_;
  size_t bytes_ = 0;
  bool dropped_lists_ = false;
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
  if (sums.dropped_lists()) {
    errors.Add(ErrorCause::kLimit,
               "there are too many Python processes to list the types and "
               "objects of each");
  }
  if (!sums.empty()) {
    snapshot.python_heap = std::make_shared<PythonHeapSnapshot>(sums.Finish());
  }
  return !failed;
}

}  // namespace leak_exporter
