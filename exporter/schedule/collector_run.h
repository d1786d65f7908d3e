#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "exporter/log/log.h"
#include "exporter/schedule/machine_looks.h"
#include "metrics/base/clock.h"
#include "metrics/base/process_id.h"
#include "metrics/collectors/collector.h"
#include "metrics/procfs/proc_fs.h"
#include "metrics/snapshot.h"
#include "metrics/targets/target_watch.h"

namespace leak_exporter {

/// Finds a target's processes. It keeps for itself what one search leaves to
/// the next. Never called twice at once, but from any thread.
using SearchProcesses =
    std::function<TargetWatch::Discovery(const SearchRequest&)>;

/// The result of one run: of a collector, or of the search for processes.
struct FinishedRun {
  /// The main processes that it measured.
  std::vector<ProcessId> main;
  /// Holds only the collector's own parts. After a search it holds only the
  /// main processes.
  TargetSnapshot parts;
  CollectorRun run;
};

/// A target's processes, and the record of the search that found them.
struct FoundProcesses {
  ProcessTree tree;
  FinishedRun finished;
};

/// What a run reads besides the process tree. The references must outlive the
/// run.
struct RunEnvironment {
  const config::TargetConfig& target;
  const procfs::ProcFs& proc_fs;
  const Clock& clock;
};

/// Runs a collector and times it. An exception becomes an error of the run with
/// the cause `internal`, so that it does not end the program.
FinishedRun RunCollector(Collector& collector, const ProcessTree& tree,
                         const Deadline& deadline,
                         const RunEnvironment& environment);

/// Runs a search and times it, as RunCollector() does. The run is a success if
/// no read failed. An incomplete search has the processes and the timestamp of
/// `before`, the search before it; null if there was none.
FoundProcesses FindProcesses(const SearchProcesses& search,
                             const SearchRequest& request,
                             const FinishedRun* before);

/// Makes the record of a run that had no result in time. `timestamp` is the
/// time of the older result that is served instead.
CollectorRun TimedOut(CollectorId collector, std::chrono::nanoseconds took,
                      std::optional<double> timestamp);

/// Makes `into` share the parts that `from` has. Its other parts stay.
void ShareParts(const TargetSnapshot& from, TargetSnapshot& into);

/// Logs that a collector began to fail, fails for other causes than before, or
/// recovered. `before` is the run before this one, or null for the first run.
void LogChange(Logger& logger, std::string_view target,
               const CollectorRun* before, const CollectorRun& run);

/// Logs that a collector has used up all its time and is still running.
void LogHung(Logger& logger, std::string_view target, CollectorId collector);

/// Logs that the system gives no thread to measure with.
void LogCannotMeasure(Logger& logger, std::string_view target,
                      const Error& error);

}  // namespace leak_exporter
