#include "exporter/schedule/collector_run.h"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

#include "metrics/targets/main_processes.h"

namespace leak_exporter {
namespace {

double Seconds(std::chrono::nanoseconds span) {
  return std::chrono::duration<double>(span).count();
}

/// Measures the time `work` takes; what it throws goes to `errors`.
template <typename Work>
CollectorRun Timed(CollectorId collector, const Clock& clock,
                   ErrorTally& errors, const Work& work) {
  CollectorRun run;
  run.collector = collector;
  run.timestamp_unix_seconds = Seconds(clock.WallTime().time_since_epoch());
  const auto started = clock.Now();
  try {
    run.success = work();
  } catch (const std::exception& failure) {
    errors.Add(ErrorCause::kInternal, failure.what());
  }
  run.duration_seconds = Seconds(clock.Now() - started);
  run.errors = errors.errors();
  run.notes = errors.notes();
  return run;
}

std::vector<ErrorCause> Causes(const CollectorRun& run) {
  std::vector<ErrorCause> causes;
  for (const CollectorError& error : run.errors) causes.push_back(error.cause);
  std::sort(causes.begin(), causes.end());
  return causes;
}

std::vector<ProcessId> MainIds(const ProcessTree& tree) {
  std::vector<ProcessId> ids;
  ids.reserve(tree.main.size());
  for (const ProcessSample& main : tree.main) ids.push_back(main.handle->id());
  return ids;
}

}  // namespace

FinishedRun RunCollector(Collector& collector, const ProcessTree& tree,
                         const Deadline& deadline,
                         const RunEnvironment& environment) {
  FinishedRun finished;
  finished.main = MainIds(tree);
  thread_local std::string buffer;
  const CollectorContext context{
      environment.target, tree,     environment.proc_fs,
      environment.clock,  deadline, buffer};
  ErrorTally errors;
  finished.run = Timed(collector.id(), environment.clock, errors, [&] {
    return collector.Collect(context, finished.parts, errors);
  });
  return finished;
}

FoundProcesses FindProcesses(const SearchProcesses& search,
                             const SearchRequest& request,
                             const FinishedRun* before) {
  FoundProcesses found;
  bool incomplete = false;
  ErrorTally errors;
  found.finished.run = Timed(CollectorId::kTargets, request.clock, errors, [&] {
    TargetWatch::Discovery discovery = search(request);
    incomplete = discovery.incomplete;
    found.tree = std::move(discovery.tree);
    errors = std::move(discovery.errors);
    return errors.errors().empty();
  });
  if (incomplete && before != nullptr) {
    found.finished.main = before->main;
    found.finished.parts = before->parts;
    found.finished.run.timestamp_unix_seconds =
        before->run.timestamp_unix_seconds;
    return found;
  }
  found.finished.main = MainIds(found.tree);
  found.finished.parts.main_processes = ListMainProcesses(found.tree);
  return found;
}

CollectorRun TimedOut(CollectorId collector, std::chrono::nanoseconds took,
                      std::optional<double> timestamp) {
  CollectorRun run;
  run.collector = collector;
  run.duration_seconds = Seconds(took);
  run.timestamp_unix_seconds = timestamp;
  run.errors.push_back(
      {ErrorCause::kTimeout, 1, "no result before the deadline"});
  return run;
}

void ShareParts(const TargetSnapshot& from, TargetSnapshot& into) {
  ForEachPart([&](CollectorId, auto part) {
    if (from.*part) into.*part = from.*part;
  });
}

void LogChange(Logger& logger, std::string_view target,
               const CollectorRun* before, const CollectorRun& run) {
  for (const std::string& note : run.notes) {
    if (before == nullptr ||
        std::ranges::find(before->notes, note) == before->notes.end()) {
      logger.Info("collector notes", {{"target", target},
                                      {"collector", NameOf(run.collector)},
                                      {"note", note}});
    }
  }
  const bool failed_before = before != nullptr && !before->success;
  if (run.success && run.errors.empty()) {
    if (failed_before) {
      logger.Info("collector recovered",
                  {{"target", target}, {"collector", NameOf(run.collector)}});
    }
    return;
  }
  if (before != nullptr && before->success == run.success &&
      Causes(*before) == Causes(run)) {
    return;
  }
  for (const CollectorError& error : run.errors) {
    logger.Warn(run.success ? "collector could not read everything"
                            : "collector failed",
                {{"target", target},
                 {"collector", NameOf(run.collector)},
                 {"cause", NameOf(error.cause)},
                 {"count", error.count},
                 {"error", error.message}});
  }
  if (run.errors.empty()) {
    logger.Warn("collector has no result",
                {{"target", target}, {"collector", NameOf(run.collector)}});
  }
}

void LogHung(Logger& logger, std::string_view target, CollectorId collector) {
  logger.Warn("collector does not answer",
              {{"target", target}, {"collector", NameOf(collector)}});
}

void LogCannotMeasure(Logger& logger, std::string_view target,
                      const Error& error) {
  logger.Error("cannot measure",
               {{"target", target}, {"error", error.message}});
}

}  // namespace leak_exporter
