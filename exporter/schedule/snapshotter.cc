#include "exporter/schedule/snapshotter.h"

#include <algorithm>
#include <thread>
#include <utility>

namespace leak_exporter {
namespace {

bool IsWanted(const std::optional<std::vector<std::string>>& wanted,
              const std::string& name) {
  return !wanted || std::ranges::find(*wanted, name) != wanted->end();
}

CollectorSet SetOf(const std::optional<std::vector<CollectorId>>& wanted) {
  CollectorSet set;
  if (!wanted) return set.set();
  for (const CollectorId id : *wanted) set.set(static_cast<size_t>(id));
  return set;
}

}  // namespace

PoolLimits ScrapePoolLimits() {
  // Threads beyond the cores would only take turns, but one that waits for a
  // lock in the kernel leaves its core to another.
  return {
      .at_once = std::clamp(2 * std::thread::hardware_concurrency(), 2U, 8U),
      .most_threads = 32,
      .patience = std::chrono::milliseconds(250)};
}

PoolLimits BackgroundPoolLimits() {
  return {.at_once = std::clamp(std::thread::hardware_concurrency(), 2U, 4U),
          .most_threads = 32,
          // A directory walk may take minutes, and is not to hold up a heap.
          .patience = std::chrono::seconds(2)};
}

Snapshotter::Snapshotter(MeasuringFactory factory,
                         const SnapshotterEnvironment& environment)
    : factory_(std::move(factory)),
      clock_(environment.clock),
      workers_(environment.threads, WorkerThreads::Priority::kNormal,
               environment.workers, environment.clock),
      background_(environment.threads, WorkerThreads::Priority::kBackground,
                  environment.background, environment.clock),
      lookers_(environment.threads, WorkerThreads::Priority::kBackground,
               environment.background, environment.clock),
      looks_(std::make_shared<OutstandingLooks>(lookers_, environment.clock,
                                                environment.looks)),
      walk_budget_(std::make_shared<SharedWalkBudget>(
          environment.clock, config::PythonHeapConfig().cpu_share)),
      environment_{environment.clock,
                   environment.proc_fs,
                   workers_,
                   background_,
                   std::make_shared<OutstandingWork>(),
                   environment.logger,
                   environment.listener},
      setup_(std::make_shared<const Setup>()) {}

Snapshotter::~Snapshotter() { Stop(); }

void Snapshotter::Configure(const config::Config& config) {
  auto setup = std::make_shared<Setup>();
  setup->collectors = config.collectors;
  walk_budget_->SetShare(config.collectors.python_heap.cpu_share);
  for (const auto& collector :
       factory_.make_collectors(config.collectors, looks_, walk_budget_)) {
    setup->enabled.set(static_cast<size_t>(collector->id()));
  }
  const std::lock_guard lock(mutex_);
  for (const config::TargetConfig& target : config.targets) {
    setup->runners.push_back(KeepOrMake(*setup_, target, config));
  }
  setup_ = std::move(setup);
}

std::shared_ptr<CollectorRunner> Snapshotter::KeepOrMake(
    const Setup& before, const config::TargetConfig& target,
    const config::Config& config) const {
  const auto kept = std::ranges::find_if(
      before.runners,
      [&](const auto& runner) { return runner->target() == target; });
  if (kept != before.runners.end() && before.collectors == config.collectors) {
    return *kept;
  }
  return std::make_shared<CollectorRunner>(
      target, factory_.make_search(target, config.targets.size()),
      factory_.make_collectors(config.collectors, looks_, walk_budget_),
      environment_);
}

Snapshot Snapshotter::Take(const SnapshotRequest& request) const {
  const auto setup = CurrentSetup();
  MeasurementRequest measure;
  measure.collectors = SetOf(request.collectors);
  measure.asked = clock_.Now();
  measure.deadline = measure.asked + request.budget;
  if (request.background_wait) {
    measure.background_deadline = measure.asked + *request.background_wait;
  }
  measure.max_age = request.max_age;

  std::vector<std::pair<CollectorRunner*, uint64_t>> begun;
  for (const auto& runner : setup->runners) {
    if (IsWanted(request.targets, runner->target().name)) {
      begun.emplace_back(runner.get(), runner->Begin(measure));
    }
  }
  Snapshot snapshot;
  for (const auto& [runner, measurement] : begun) {
    snapshot.targets.push_back(runner->Finish(measure, measurement));
  }
  snapshot.timestamp_unix_seconds =
      std::chrono::duration<double>(clock_.WallTime().time_since_epoch())
          .count();
  return snapshot;
}

size_t Snapshotter::TargetCount() const {
  return CurrentSetup()->runners.size();
}

bool Snapshotter::HasTarget(std::string_view name) const {
  const auto setup = CurrentSetup();
  return std::ranges::any_of(setup->runners, [name](const auto& runner) {
    return runner->target().name == name;
  });
}

bool Snapshotter::HasCollector(CollectorId id) const {
  return CurrentSetup()->enabled[static_cast<size_t>(id)];
}

void Snapshotter::Stop() {
  for (const auto& runner : CurrentSetup()->runners) runner->Stop();
  looks_->Stop();
  lookers_.Stop();
  workers_.Stop();
  background_.Stop();
}

std::shared_ptr<const Snapshotter::Setup> Snapshotter::CurrentSetup() const {
  const std::lock_guard lock(mutex_);
  return setup_;
}

}  // namespace leak_exporter
