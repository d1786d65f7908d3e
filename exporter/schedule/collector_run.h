#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "exporter/log/log.h"
#include "metrics/base/clock.h"
#include "metrics/base/process_id.h"
#include "metrics/collectors/collector.h"
#include "metrics/procfs/proc_fs.h"
#include "metrics/snapshot.h"
#include "metrics/targets/target_watch.h"

namespace leak_exporter {

/// Finds a target's processes. What carries over between discoveries is its
/// own. Called from one thread at a time, not always the same.
using SearchProcesses = std::function<TargetWatch::Discovery(const Clock&)>;

/// What one run of a collector, or of the search, left.
struct FinishedRun {
  /// The main processes that it measured.
  std::vector<ProcessId> main;
  /// Only the collector's own parts are there; of the search the main
  /// processes.
  TargetSnapshot parts;
  CollectorRun run;
};

/// A target's processes and how finding them went.
struct FoundProcesses {
  ProcessTree tree;
  FinishedRun finished;
};

/// What a run reads besides the tree; the references outlive it.
struct RunEnvironment {
  const config::TargetConfig& target;
  const procfs::ProcFs& proc_fs;
  const Clock& clock;
};

/// Runs a collector and times it. What it throws is an error of the run, with
/// the cause "internal": it must not end the thread, which is one of many.
FinishedRun RunCollector(Collector& collector, const ProcessTree& tree,
                         const Deadline& deadline,
                         const RunEnvironment& environment);

/// The same for finding the processes. It succeeds where no read failed.
FoundProcesses FindProcesses(const SearchProcesses& search, const Clock& clock);

/// The record of a run without a result in time. `timestamp` is that of the
/// older result that is served in its place.
CollectorRun TimedOut(CollectorId collector, std::chrono::nanoseconds took,
                      std::optional<double> timestamp);

/// Points `into` to the parts that `from` has.
void ShareParts(const TargetSnapshot& from, TargetSnapshot& into);

/// Logs what changed since the run before, which is null for the first: that a
/// collector began to fail, fails for other causes, or recovered.
void LogChange(Logger& logger, std::string_view target,
               const CollectorRun* before, const CollectorRun& run);

/// Logs that a collector has taken all the time there was and is still at it.
void LogHung(Logger& logger, std::string_view target, CollectorId collector);

/// Logs that the system gives no thread to measure with.
void LogCannotMeasure(Logger& logger, std::string_view target,
                      const Error& error);

}  // namespace leak_exporter
