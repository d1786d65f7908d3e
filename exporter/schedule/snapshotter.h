#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "exporter/log/log.h"
#include "exporter/schedule/collector_run.h"
#include "exporter/schedule/collector_runner.h"
#include "exporter/schedule/outstanding_looks.h"
#include "exporter/schedule/outstanding_work.h"
#include "exporter/schedule/shared_walk_budget.h"
#include "exporter/schedule/waitable_clock.h"
#include "exporter/schedule/worker_pool.h"
#include "exporter/schedule/worker_threads.h"
#include "metrics/collectors/collector.h"
#include "metrics/disk/directory_looks.h"
#include "metrics/procfs/proc_fs.h"
#include "metrics/snapshot.h"

namespace leak_exporter {

/// What to measure, and how long to wait for it.
struct SnapshotRequest {
  /// Names of targets. Absent means every target. Unknown names are ignored: a
  /// caller that must complain about them calls HasTarget().
  std::optional<std::vector<std::string>> targets = std::nullopt;
  /// Absent means every collector. Those that are not enabled are ignored; see
  /// HasCollector().
  std::optional<std::vector<CollectorId>> collectors = std::nullopt;
  std::chrono::nanoseconds budget = {};
  /// How long to wait for collectors that have an interval. Their last results
  /// are returned then. Absent means as long as the budget.
  std::optional<std::chrono::nanoseconds> background_wait = std::nullopt;
  /// The greatest age of a result, since its run ended. With 0 everything is
  /// measured, except collectors that have an interval.
  std::chrono::nanoseconds max_age = std::chrono::nanoseconds(0);
};

/// Makes what measures from what is configured. Tests replace it by fakes.
struct MeasuringFactory {
  /// Makes the search for one target. `targets` is the number of all targets.
  std::function<SearchProcesses(const config::TargetConfig&, size_t targets)>
      make_search;
  /// Makes one target's collectors. All of them, also those made by a later
  /// configuration, share the looks and the budget.
  std::function<std::vector<std::unique_ptr<Collector>>(
      const config::CollectorsConfig&, const std::shared_ptr<DirectoryLooks>&,
      const std::shared_ptr<WalkBudget>&)>
      make_collectors;
};

/// Limits for the threads that run searches and the collectors of a scrape.
/// They depend on how many cores this machine has.
PoolLimits ScrapePoolLimits();
/// Limits for the threads that run collectors with an interval.
PoolLimits BackgroundPoolLimits();

/// What a snapshotter measures with. The references must outlive every worker
/// thread.
struct SnapshotterEnvironment {
  const WaitableClock& clock;
  const procfs::ProcFs& proc_fs;
  WorkerThreads& threads;
  Logger& logger;
  /// Called after each run. May be empty.
  RunListener listener = {};
  PoolLimits workers = ScrapePoolLimits();
  PoolLimits background = BackgroundPoolLimits();
  LookLimits looks = {};
};

/// Measures the configured targets on request, all at once. Scrapes, debug
/// blocks and pages all get their numbers here, so that callers who ask at the
/// same time get the same numbers. Thread-safe.
class Snapshotter {
 public:
  Snapshotter(MeasuringFactory factory,
              const SnapshotterEnvironment& environment);
  ~Snapshotter();

  /// Puts a configuration into force. May be called again. A target whose own
  /// configuration and collectors are unchanged keeps its state.
  void Configure(const config::Config& config);

  /// Measures. Returns within the budget, or soon after it.
  Snapshot Take(const SnapshotRequest& request) const;

  size_t TargetCount() const;
  bool HasTarget(std::string_view name) const;
  /// Whether the collector is enabled.
  bool HasCollector(CollectorId id) const;

  /// Ends all waiting, because the program ends. Later calls do not wait.
  void Stop();

 private:
  using Runners = std::vector<std::shared_ptr<CollectorRunner>>;

  /// The configuration that is in force. It is replaced as a whole.
  struct Setup {
    config::CollectorsConfig collectors;
    CollectorSet enabled;
    Runners runners;
  };

  std::shared_ptr<const Setup> CurrentSetup() const;
  std::shared_ptr<CollectorRunner> KeepOrMake(
      const Setup& before, const config::TargetConfig& target,
      const config::Config& config) const;

  const MeasuringFactory factory_;
  const WaitableClock& clock_;
  WorkerPool workers_;
  WorkerPool background_;
  /// Runs looks at directories.
  WorkerPool lookers_;
  const std::shared_ptr<OutstandingLooks> looks_;
  const std::shared_ptr<SharedWalkBudget> walk_budget_;
  const RunnerEnvironment environment_;

  mutable std::mutex mutex_;
  std::shared_ptr<const Setup> setup_;
};

}  // namespace leak_exporter
