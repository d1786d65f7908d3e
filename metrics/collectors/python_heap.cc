#include "metrics/collectors/python_heap.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

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

HeapFinding MakeFinding(pid_t pid, cpython::PythonMeasurement measurement) {
  HeapFinding finding;
  finding.process = {pid,
                     cpython::ToString(measurement.version),
                     MakeRows(measurement.by_references),
                     MakeRows(measurement.by_bytes),
                     MakeUsages(std::move(measurement.types)),
                     std::move(measurement.unknown_sizes)};
  finding.untracked = MakeUsages(std::move(measurement.untracked));
  for (const cpython::GenerationStatistics& generation :
       measurement.generations) {
    finding.generations.push_back({generation.collections, generation.collected,
                                   generation.uncollectable});
  }
  finding.gc_counts = std::move(measurement.gc_counts);
  finding.modules = measurement.modules;
  finding.permanent_objects = measurement.walk.permanent_objects;
  if (measurement.arenas) {
    finding.arena_bytes = measurement.arenas->reserved_bytes;
    finding.arena_used_bytes = measurement.arenas->used_bytes;
  }
  finding.interpreters = measurement.interpreters;
  finding.walk_seconds = measurement.walk_seconds;
  finding.whole = measurement.whole();
  return finding;
}

std::chrono::nanoseconds ThreadCpuTime() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) +
         std::chrono::nanoseconds(time.tv_nsec);
}

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

double UnixNow(const Clock& clock) {
  return std::chrono::duration<double>(clock.WallTime().time_since_epoch())
      .count();
}

std::optional<FileId> ExeOf(const ProcessSample& process) {
  struct statx status;
  if (!process.handle->Stat("exe", STATX_INO, status)) return std::nullopt;
  return FileId::Of(status);
}

}  // namespace

// One run of the collector.
class PythonHeapCollector::Run {
 public:
  Run(PythonHeapCollector& collector, const CollectorContext& context,
      ErrorTally& errors)
      : collector_(collector),
        ledger_(collector.ledger_),
        context_(context),
        errors_(errors) {
    options_.attach.freeze = collector.config_.freeze;
    options_.values = collector.config_.values;
  }

  // Returns false if a main process could not be read.
  bool LookAtAll() {
    std::vector<Candidate> mains;
    std::vector<Candidate> children;
    for (const ProcessSample& process : context_.tree.main) {
      AddCandidate(process, true, mains);
    }
    if (collector_.config_.children) {
      for (const ProcessSample& process : context_.tree.descendants) {
        AddCandidate(process, false, children);
      }
    }
    // What is known of main processes is first to be new. But if it takes the
    // whole budget, the children have their turn in the next run.
    if (collector_.children_waited_) {
      LookInTurn(children);
      LookInTurn(mains);
    } else {
      LookInTurn(mains);
      collector_.children_waited_ = !LookInTurn(children);
    }
    return !failed_;
  }

  // A main process that is no Python, though some time has passed.
  const ProcessSample* other() const { return other_; }

  ByScope<size_t> CountUnread() const {
    return {CountUnread(context_.tree.main),
            collector_.config_.children ? CountUnread(context_.tree.descendants)
                                        : 0};
  }

 private:
  struct Candidate {
    const ProcessSample* process;
    bool is_main;
    std::optional<std::chrono::steady_clock::time_point> looked_at;
  };

  void AddCandidate(const ProcessSample& process, bool is_main,
                    std::vector<Candidate>& candidates) {
    if (process.zombie()) return;
    const HeapLedger::Look look = ledger_.LookOf(process);
    // What is wrong with a main process is said in every run.
    if (look.stands && (!is_main || ledger_.Knows(process))) {
      ledger_.RecordSame(process, context_.clock.Now(),
                         UnixNow(context_.clock));
      return;
    }
    candidates.push_back({&process, is_main, look.at});
  }

  // Looks at those first that were never looked at, and then at those that have
  // waited longest. Returns whether there was time for one, if there is one.
  bool LookInTurn(std::vector<Candidate>& candidates) {
    std::ranges::stable_sort(candidates, {}, &Candidate::looked_at);
    bool any = candidates.empty();
    for (const Candidate& candidate : candidates) {
      const ProcessSample& process = *candidate.process;
      // A main process of which nothing is known does not wait.
      const bool urgent = candidate.is_main && !ledger_.Knows(process);
      if (!urgent &&
          (context_.deadline.Expired() || !collector_.budget_->HasAny())) {
        continue;
      }
      const auto began = ThreadCpuTime();
      LookAt(process, candidate.is_main);
      collector_.budget_->Spend(ThreadCpuTime() - began);
      any = true;
    }
    return any;
  }

  void LookAt(const ProcessSample& process, bool is_main) {
    auto measurement = cpython::MeasurePython(
        *process.handle, options_, context_.clock, context_.deadline);
    const auto now = context_.clock.Now();
    if (measurement && *measurement) {
      return Record(process, is_main, now, **std::move(measurement));
    }
    if (!measurement) {
      ledger_.RecordFailure(process, now);
      if (IsTooEarly(measurement.error(), process, context_.clock)) return;
      errors_.Add(measurement.error());
      failed_ = failed_ || (is_main && !IsGone(measurement.error()));
      return;
    }
    ledger_.RecordNone(process, now);
    if (is_main && !IsStarting(process, context_.clock)) other_ = &process;
  }

  void Record(const ProcessSample& process, bool is_main,
              std::chrono::steady_clock::time_point now,
              cpython::PythonMeasurement measurement) {
    if (!measurement.walk.incomplete.empty()) {
      errors_.Add(ErrorCause::kLimit,
                  process.handle->Path("mem") +
                      ": heap walked in part: " + measurement.walk.incomplete);
    }
    if (measurement.missed) errors_.Add(*measurement.missed);
    if (!measurement.unknown_sizes.empty()) {
      errors_.Add(ErrorCause::kUnsupported, process.handle->Path("exe") + ": " +
                                                measurement.unknown_sizes);
    }
    KeepExe(process);
    HeapFinding finding = MakeFinding(process.pid(), std::move(measurement));
    finding.walked_unix_seconds = UnixNow(context_.clock);
    if (!ledger_.Record(process, is_main, now, std::move(finding))) {
      errors_.Add(ErrorCause::kLimit,
                  process.handle->Path("mem") +
                      ": there are too many types in all heaps to remember");
    }
  }

  void KeepExe(const ProcessSample& process) {
    constexpr size_t kMostExes = 1024;
    if (collector_.python_exes_.size() >= kMostExes) return;
    if (const auto exe = ExeOf(process)) collector_.python_exes_.insert(*exe);
  }

  size_t CountUnread(const std::vector<ProcessSample>& processes) const {
    size_t unread = 0;
    if (collector_.python_exes_.empty()) return unread;
    for (const ProcessSample& process : processes) {
      if (process.zombie() || ledger_.Knows(process)) continue;
      const auto exe = ExeOf(process);
      if (exe && collector_.python_exes_.contains(*exe)) ++unread;
    }
    return unread;
  }

  PythonHeapCollector& collector_;
  HeapLedger& ledger_;
  const CollectorContext& context_;
  ErrorTally& errors_;
  cpython::MeasureOptions options_;
  bool failed_ = false;
  const ProcessSample* other_ = nullptr;
};

bool PythonHeapCollector::Collect(const CollectorContext& context,
                                  TargetSnapshot& snapshot,
                                  ErrorTally& errors) {
  ledger_.Begin(context.tree);
  Run run(*this, context, errors);
  const bool success = run.LookAtAll();
  auto heap = ledger_.Sum(run.CountUnread());
  if (!heap && success && run.other() != nullptr) {
    errors.Add(ErrorCause::kNotPython, NotPython(*run.other()));
  }
  if (ledger_.dropped_lists()) {
    errors.Add(ErrorCause::kLimit,
               "there are too many Python processes to list the types and "
               "objects of each");
  }
  snapshot.python_heap = std::move(heap);
  return success;
}

}  // namespace leak_exporter
