#include "exporter/schedule/snapshotter.h"

#include <algorithm>
#include <utility>

namespace leak_exporter {
namespace {

template <typename T>
bool Contains(const std::vector<T>& all, const T& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

template <typename T>
bool IsWanted(const std::optional<std::vector<T>>& wanted, const T& one) {
  return !wanted || Contains(*wanted, one);
}

}  // namespace

Snapshotter::Snapshotter(MonitorFactory factory,
                         const MonitorEnvironment& environment)
    : factory_(std::move(factory)),
      environment_(environment),
      setup_(std::make_shared<const Setup>()) {}

Snapshotter::~Snapshotter() { Stop(); }

void Snapshotter::Configure(const config::Config& config) {
  auto setup = std::make_shared<Setup>();
  setup->collectors = config.collectors;
  for (const auto& collector : factory_.make_collectors(config.collectors)) {
    setup->collector_ids.push_back(collector->id());
  }
  const std::lock_guard lock(mutex_);
  for (const config::TargetConfig& target : config.targets) {
    setup->monitors.push_back(KeepOrMake(*setup_, target, config));
  }
  for (const auto& monitor : setup_->monitors) {
    const auto& kept = setup->monitors;
    if (std::find(kept.begin(), kept.end(), monitor) == kept.end()) {
      monitor->Retire();
    }
  }
  setup_ = std::move(setup);
}

std::shared_ptr<TargetMonitor> Snapshotter::KeepOrMake(
    const Setup& before, const config::TargetConfig& target,
    const config::Config& config) const {
  const auto kept = std::find_if(
      before.monitors.begin(), before.monitors.end(),
      [&](const auto& monitor) { return monitor->target() == target; });
  if (kept != before.monitors.end() && before.collectors == config.collectors) {
    return *kept;
  }
  return std::make_shared<TargetMonitor>(
      target, factory_.make_tree_source(target, config.targets.size()),
      factory_.make_collectors(config.collectors), environment_);
}

Snapshot Snapshotter::Take(const SnapshotRequest& request) const {
  const auto setup = CurrentSetup();
  TargetMonitor::Request measure;
  for (size_t i = 0; i < setup->collector_ids.size(); ++i) {
    measure.collectors[i] =
        IsWanted(request.collectors, setup->collector_ids[i]);
  }
  measure.asked = environment_.clock.Now();
  measure.deadline = measure.asked + request.budget;

  std::vector<std::pair<TargetMonitor*, TargetMonitor::Ticket>> begun;
  for (const auto& monitor : setup->monitors) {
    if (IsWanted(request.targets, monitor->target().name)) {
      begun.emplace_back(monitor.get(), monitor->Begin(measure));
    }
  }
  Snapshot snapshot;
  for (auto& [monitor, ticket] : begun) {
    snapshot.targets.push_back(monitor->Finish(measure, std::move(ticket)));
  }
  snapshot.timestamp_unix_seconds =
      std::chrono::duration<double>(
          environment_.clock.WallTime().time_since_epoch())
          .count();
  return snapshot;
}

size_t Snapshotter::TargetCount() const {
  return CurrentSetup()->monitors.size();
}

bool Snapshotter::HasTarget(std::string_view name) const {
  const auto setup = CurrentSetup();
  return std::any_of(
      setup->monitors.begin(), setup->monitors.end(),
      [name](const auto& monitor) { return monitor->target().name == name; });
}

bool Snapshotter::HasCollector(CollectorId id) const {
  return Contains(CurrentSetup()->collector_ids, id);
}

void Snapshotter::Stop() {
  for (const auto& monitor : CurrentSetup()->monitors) monitor->Stop();
}

std::shared_ptr<const Snapshotter::Setup> Snapshotter::CurrentSetup() const {
  const std::lock_guard lock(mutex_);
  return setup_;
}

}  // namespace leak_exporter
