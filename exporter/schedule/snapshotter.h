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
#include "exporter/schedule/outstanding_work.h"
#include "exporter/schedule/waitable_clock.h"
#include "exporter/schedule/worker_pool.h"
#include "exporter/schedule/worker_threads.h"
#include "metrics/collectors/collector.h"
#include "metrics/procfs/proc_fs.h"
#include "metrics/snapshot.h"

namespace leak_exporter {

/// What to measure, and how long to wait for it.
struct SnapshotRequest {
  /// Names; absent means every target. Names that are not known are passed
  /// over: who must complain asks HasTarget.
  std::optional<std::vector<std::string>> targets = std::nullopt;
  /// Absent means every collector; the same goes for HasCollector.
  std::optional<std::vector<CollectorId>> collectors = std::nullopt;
  std::chrono::nanoseconds budget = {};
  /// Results that ended less than this ago will do. With 0 everything is
  /// measured, but for collectors that have an interval.
  std::chrono::nanoseconds max_age = std::chrono::nanoseconds(0);
};

/// How a configuration becomes something that measures; tests put fakes here.
struct MeasuringFactory {
  /// For one of so many targets.
  std::function<SearchProcesses(const config::TargetConfig&, size_t targets)>
      make_search;
  std::function<std::vector<std::unique_ptr<Collector>>(
      const config::CollectorsConfig&)>
      make_collectors;
};

/// For searches and for the collectors of a scrape, as this machine's cores
/// suggest.
PoolLimits ScrapePoolLimits();
/// For collectors that have an interval.
PoolLimits BackgroundPoolLimits();

/// What a snapshotter measures with. The references outlive every worker
/// thread.
struct SnapshotterEnvironment {
  const WaitableClock& clock;
  const procfs::ProcFs& proc_fs;
  WorkerThreads& threads;
  Logger& logger;
  /// Told of each run that ended; may be empty.
  RunListener listener = {};
  PoolLimits workers = ScrapePoolLimits();
  PoolLimits background = BackgroundPoolLimits();
};

/// Measures the configured targets on request, all at once, and so is the one
/// place that scrapes, debug blocks and pages get their numbers from: those who
/// ask at the same time get the same. Thread-safe.
class Snapshotter {
 public:
  Snapshotter(MeasuringFactory factory,
              const SnapshotterEnvironment& environment);
  ~Snapshotter();

  /// Takes a configuration, the first one or another. A target whose own part
  /// and whose collectors have not changed goes on with all it remembers.
  void Configure(const config::Config& config);

  /// Measures and returns within the budget, or soon after.
  Snapshot Take(const SnapshotRequest& request) const;

  size_t TargetCount() const;
  bool HasTarget(std::string_view name) const;
  /// Whether it is enabled.
  bool HasCollector(CollectorId id) const;

  /// Ends all waiting at once, now and later, because the program ends.
  void Stop();

 private:
  using Runners = std::vector<std::shared_ptr<CollectorRunner>>;

  /// A configuration that is in force, replaced as a whole.
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
  const RunnerEnvironment environment_;

  mutable std::mutex mutex_;
  std::shared_ptr<const Setup> setup_;
};

}  // namespace leak_exporter
