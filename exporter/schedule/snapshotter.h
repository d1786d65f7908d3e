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
#include "exporter/schedule/target_monitor.h"
#include "exporter/schedule/tree_source.h"
#include "metrics/collectors/collector.h"
#include "metrics/snapshot.h"

namespace leak_exporter {

/// What to measure, and how long to wait for it.
struct SnapshotRequest {
  /// Absent means every target, every collector. What is not configured is
  /// passed over: who must complain asks HasTarget and HasCollector.
  std::optional<std::vector<std::string>> targets;
  std::optional<std::vector<CollectorId>> collectors;
  std::chrono::nanoseconds budget;
};

/// How a configuration becomes something that measures; tests put fakes here.
struct MonitorFactory {
  /// For one of so many targets.
  std::function<std::unique_ptr<TreeSource>(const config::TargetConfig&,
                                            size_t targets)>
      make_tree_source;
  std::function<std::vector<std::unique_ptr<Collector>>(
      const config::CollectorsConfig&)>
      make_collectors;
};

/// Measures the configured targets on request, all at once, and so is the one
/// place that scrapes, debug blocks and pages get their numbers from: those who
/// ask at the same time get the same. Thread-safe.
class Snapshotter {
 public:
  Snapshotter(MonitorFactory factory, const MonitorEnvironment& environment);
  ~Snapshotter();

  /// Takes a configuration, the first one or another. A target whose own part
  /// and whose collectors have not changed goes on with all it remembers.
  void Configure(const config::Config& config);

  /// Measures and returns within the budget, or soon after.
  Snapshot Take(const SnapshotRequest& request) const;

  size_t TargetCount() const;
  bool HasTarget(std::string_view name) const;
  /// Whether it is one, and enabled.
  bool HasCollector(CollectorId id) const;

  /// Ends all waiting at once, now and later, because the program ends.
  void Stop();

 private:
  using Monitors = std::vector<std::shared_ptr<TargetMonitor>>;

  /// A configuration that is in force, replaced as a whole.
  struct Setup {
    config::CollectorsConfig collectors;
    std::vector<CollectorId> collector_ids;
    Monitors monitors;
  };

  std::shared_ptr<const Setup> CurrentSetup() const;
  std::shared_ptr<TargetMonitor> KeepOrMake(const Setup& before,
                                            const config::TargetConfig& target,
                                            const config::Config& config) const;

  const MonitorFactory factory_;
  const MonitorEnvironment environment_;

  mutable std::mutex mutex_;
  std::shared_ptr<const Setup> setup_;
};

}  // namespace leak_exporter
