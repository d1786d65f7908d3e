#include "exporter/schedule/collector_runner.h"

#include <algorithm>
#include <utility>

#include "metrics/base/named_enum.h"

namespace leak_exporter {
namespace {

// A directory walk of a hundred million entries from a cold disk takes minutes;
// what takes longer than this is cut off and says so.
constexpr std::chrono::minutes kBackgroundRunLimit{10};
// How often whoever waits looks whether the pool's threads hang.
constexpr std::chrono::milliseconds kReliefInterval{250};

}  // namespace

CollectorRunner::CollectorRunner(
    config::TargetConfig target, SearchProcesses search,
    std::vector<std::unique_ptr<Collector>> collectors,
    const RunnerEnvironment& environment)
    : target_(std::move(target)),
      search_(std::move(search)),
      environment_(environment),
      states_(std::move(collectors)) {}

CollectorRunner::~CollectorRunner() = default;

uint64_t CollectorRunner::Begin(const Request& request) {
  std::optional<CollectorId> hung;
  uint64_t measurement = 0;
  {
    const Lock lock(mutex_);
    if (stopped_) return 0;
    hung = AbandonHung(request);
    if (measurement_ ||
        !states_.AreFreshEnough(request, environment_.clock.Now())) {
      measurement = Join(request);
    }
  }
  if (hung) LogHung(environment_.logger, target_.name, *hung);
  environment_.background.Relieve();
  return measurement;
}

TargetSnapshot CollectorRunner::Finish(const Request& request,
                                       uint64_t measurement) {
  Lock lock(mutex_);
  while (!stopped_) {
    const TimePoint now = environment_.clock.Now();
    if (const auto until = WaitUntil(request, measurement)) {
      if (!environment_.clock.WaitUntil(
              lock, changed_, std::min(*until, now + kReliefInterval),
              [this, seen = changes_] { return changes_ != seen; })) {
        environment_.workers.Relieve();
      }
      continue;
    }
    if (!IsUnderWay(measurement)) break;
    const auto hung = AbandonHung(request);
    if (!hung) break;
    lock.unlock();
    LogHung(environment_.logger, target_.name, *hung);
    lock.lock();
    if (now >= request.deadline) break;
    measurement = Join(request);
  }
  return states_.Assemble(target_.name, request, measurement,
                          environment_.clock.Now());
}

void CollectorRunner::Stop() {
  const Lock lock(mutex_);
  stopped_ = true;
  Notify();
}

void CollectorRunner::Notify() {
  ++changes_;
  changed_.notify_all();
}

uint64_t CollectorRunner::Join(const Request& request) {
  if (!measurement_) return StartMeasurement(request);
  measurement_->wanted |= request.collectors;
  measurement_->deadline = std::max(measurement_->deadline, request.deadline);
  // Its thread may be held up by a collector.
  if (measurement_->tree) StartBackgroundRuns();
  return measurement_->number;
}

uint64_t CollectorRunner::StartMeasurement(const Request& request) {
  measurement_ = Measurement{.number = ++measurements_,
                             .wanted = request.collectors,
                             .started = environment_.clock.Now(),
                             .deadline = request.deadline};
  SubmitWork();
  Notify();
  return measurements_;
}

void CollectorRunner::SubmitWork() {
  const auto submitted = environment_.workers.Submit(
      [self = shared_from_this(), number = measurement_->number] {
        self->Work(number);
      });
  if (!submitted) {
    LogCannotMeasure(environment_.logger, target_.name, submitted.error());
  }
}

/// Gives up the measurement under way where its thread hangs in a collector: one
/// that has run for as long as the request has time in all. Returns which one
/// hangs. A measurement that is parked is given up as well, for what it has
/// measured is old.
std::optional<CollectorId> CollectorRunner::AbandonHung(
    const Request& request) {
  if (!measurement_) return std::nullopt;
  if (measurement_->parked) {
    measurement_.reset();
    Notify();
    return std::nullopt;
  }
  if (!measurement_->running) return std::nullopt;
  const CollectorId id = *measurement_->running;
  const auto* const current = states_[id].run.current();
  const TimePoint now = environment_.clock.Now();
  if (now < current->deadline && now - current->started < request.budget()) {
    return std::nullopt;
  }
  measurement_.reset();
  Notify();
  return id;
}

bool CollectorRunner::IsUnderWay(uint64_t measurement) const {
  return measurement_ && measurement_->number == measurement;
}

/// Whether the measurement under way still has to bring something that is
/// requested.
bool CollectorRunner::IsAwaited(const Request& request) const {
  const auto& tree = measurement_->tree;
  if (!tree) return true;
  return !tree->main.empty() &&
         std::ranges::any_of(kValuesOf<CollectorId>, [&](CollectorId id) {
           return states_.IsMissing(request, id, measurement_->number);
         });
}

/// The last moment until which something may come that is worth waiting for;
/// absent where nothing is.
std::optional<CollectorRunner::TimePoint> CollectorRunner::WaitUntil(
    const Request& request, uint64_t measurement) const {
  std::optional<TimePoint> latest;
  const auto wait_for = [&, now = environment_.clock.Now()](TimePoint started) {
    const TimePoint until =
        std::min(request.deadline, started + request.budget());
    if (until > now) latest = std::max(latest.value_or(until), until);
  };
  if (IsUnderWay(measurement)) {
    const Measurement& current = *measurement_;
    if (IsClaimedElsewhere(CollectorId::kTargets) ||
        (current.claimed_elsewhere & request.collectors).any()) {
      wait_for(current.claimed_since);
    }
    if (!current.parked && IsAwaited(request)) wait_for(current.started);
  }
  for (const CollectorId id : kValuesOf<CollectorId>) {
    const CollectorState& state = states_[id];
    if (request.wants(id) && state.interval && state.run.running()) {
      wait_for(state.run.current()->started);
    }
  }
  return latest;
}

void CollectorRunner::Resume() {
  const Lock lock(mutex_);
  if (!measurement_) return;
  measurement_->claimed_elsewhere.reset();
  if (measurement_->parked && !stopped_) {
    measurement_->parked = false;
    SubmitWork();
  }
  Notify();
}

void CollectorRunner::Work(uint64_t measurement) {
  Lock lock(mutex_);
  while (IsUnderWay(measurement) && !stopped_) {
    if (!measurement_->tree && !IsClaimedElsewhere(CollectorId::kTargets)) {
      Search(lock);
      continue;
    }
    StartBackgroundRuns();
    const auto next = NextCollector();
    if (!next) return EndOrPark();
    RunNext(lock, *next);
  }
}

/// Nothing is left to do but what is claimed elsewhere.
void CollectorRunner::EndOrPark() {
  if (measurement_->claimed_elsewhere.any()) {
    measurement_->parked = true;
  } else {
    measurement_.reset();
  }
  Notify();
}

/// Null where another runner has the work under way, one before a reload.
CollectorRunner::Claimed CollectorRunner::TryClaim(CollectorId id) {
  WorkKey key{target_.name, id};
  if (id == CollectorId::kTargets) key.rules = target_.match;
  auto claim = environment_.outstanding->TryClaim(
      key, environment_.clock.Now(), weak_from_this());
  if (claim) {
    return std::make_shared<OutstandingWork::Claim>(*std::move(claim));
  }
  measurement_->claimed_elsewhere.set(static_cast<size_t>(id));
  measurement_->claimed_since =
      std::max(measurement_->claimed_since, claim.error());
  return nullptr;
}

bool CollectorRunner::IsClaimedElsewhere(CollectorId id) const {
  return measurement_->claimed_elsewhere[static_cast<size_t>(id)];
}

void CollectorRunner::Search(Lock& lock) {
  Claimed claim = TryClaim(CollectorId::kTargets);
  if (!claim) return;
  const uint64_t number = measurement_->number;
  states_[CollectorId::kTargets].run.Begin(
      {number, environment_.clock.Now(), measurement_->deadline});
  lock.unlock();
  FoundProcesses found = FindProcesses(search_, environment_.clock);
  auto tree = std::make_shared<const ProcessTree>(std::move(found.tree));
  lock.lock();
  // A search is never abandoned: this is its measurement.
  measurement_->tree = tree;
  Publish(lock, CollectorId::kTargets, std::move(found.finished));
  lock.unlock();
  claim.reset();
  lock.lock();
}

/// The next that is wanted and can be run, in the order of their numbers.
std::optional<CollectorId> CollectorRunner::NextCollector() const {
  const Measurement& measurement = *measurement_;
  if (!measurement.tree || measurement.tree->main.empty() ||
      environment_.clock.Now() >= measurement.deadline) {
    return std::nullopt;
  }
  for (const CollectorId id : kValuesOf<CollectorId>) {
    const CollectorState& state = states_[id];
    if (measurement.wanted[static_cast<size_t>(id)] && state.collector &&
        !state.interval && !state.run.running() && !IsClaimedElsewhere(id) &&
        !state.run.HasResultOf(measurement.number)) {
      return id;
    }
  }
  return std::nullopt;
}

void CollectorRunner::RunNext(Lock& lock, CollectorId id) {
  Claimed claim = TryClaim(id);
  if (!claim) return;
  const uint64_t number = measurement_->number;
  states_[id].run.Begin(
      {number, environment_.clock.Now(), measurement_->deadline});
  measurement_->running = id;
  // Held here, so that what an abandoned measurement found lives as long.
  const auto tree = measurement_->tree;
  RunAndPublish(lock, id, tree);
  if (IsUnderWay(number)) measurement_->running.reset();
  lock.unlock();
  claim.reset();
  lock.lock();
}

void CollectorRunner::StartBackgroundRuns() {
  const Measurement& measurement = *measurement_;
  if (!measurement.tree || measurement.tree->main.empty()) return;
  for (const CollectorId id : kValuesOf<CollectorId>) {
    if (measurement.wanted[static_cast<size_t>(id)] &&
        !IsClaimedElsewhere(id) &&
        states_.IsDue(id, environment_.clock.Now())) {
      StartBackgroundRun(id);
    }
  }
}

void CollectorRunner::StartBackgroundRun(CollectorId id) {
  Claimed claim = TryClaim(id);
  if (!claim) return;
  const TimePoint now = environment_.clock.Now();
  states_[id].run.Begin({measurement_->number, now, now + kBackgroundRunLimit});
  const auto submitted = environment_.background.Submit(
      [self = shared_from_this(), id, tree = measurement_->tree,
       claim = std::move(claim)] {
        Lock lock(self->mutex_);
        self->RunAndPublish(lock, id, tree);
      });
  if (!submitted) {
    LogCannotMeasure(environment_.logger, target_.name, submitted.error());
  }
}

void CollectorRunner::RunAndPublish(
    Lock& lock, CollectorId id,
    const std::shared_ptr<const ProcessTree>& tree) {
  const CollectorState& state = states_[id];
  Collector& collector = *state.collector;
  const Deadline deadline(environment_.clock, state.run.current()->deadline);
  lock.unlock();
  FinishedRun finished =
      RunCollector(collector, *tree, deadline,
                   {target_, environment_.proc_fs, environment_.clock});
  lock.lock();
  Publish(lock, id, std::move(finished));
}

/// Keeps the result, and tells of it. The lock is open meanwhile.
void CollectorRunner::Publish(Lock& lock, CollectorId id,
                              FinishedRun finished) {
  auto& run = states_[id].run;
  const auto result = std::make_shared<const FinishedRun>(std::move(finished));
  const auto before =
      run.last() != nullptr ? run.last()->result : std::shared_ptr<const FinishedRun>();
  run.End(result, environment_.clock.Now());
  Notify();
  lock.unlock();
  LogChange(environment_.logger, target_.name,
            before ? &before->run : nullptr, result->run);
  if (environment_.listener) environment_.listener(target_.name, *result);
  lock.lock();
}

}  // namespace leak_exporter
