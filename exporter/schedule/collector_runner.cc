#include "exporter/schedule/collector_runner.h"

#include <algorithm>
#include <utility>

#include "metrics/base/named_enum.h"

namespace leak_exporter {
namespace {

// A directory walk of a hundred million entries from a cold disk takes minutes;
// what takes longer than this is cut off and says so.
constexpr std::chrono::minutes kBackgroundRunLimit{10};
// A step of a measurement may take this part of the time that is left, so that
// a slow one leaves some to those that follow.
constexpr int kShareOfTimeLeft = 2;
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
  LogUnsaid();
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
    if (IsUnderWay(measurement)) {
      if (const auto hung = AbandonHung(request)) {
        lock.unlock();
        LogHung(environment_.logger, target_.name, *hung);
        lock.lock();
      }
    }
    // Another measurement brings what one that hangs had not come to.
    if (measurement != last_abandoned_ || now >= request.deadline) break;
    measurement = Join(request);
    lock.unlock();
    LogUnsaid();
    lock.lock();
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
                             .asked = request.asked,
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
  if (!submitted) unsaid_ = submitted.error();
}

/// Logs what happened under the lock. Called under no lock.
void CollectorRunner::LogUnsaid() {
  std::optional<Error> error;
  {
    const Lock lock(mutex_);
    error = std::exchange(unsaid_, std::nullopt);
  }
  if (error) LogCannotMeasure(environment_.logger, target_.name, *error);
}

/// Gives up the measurement under way where its thread hangs in a collector:
/// one that has run for as long as the request has time in all. Returns which
/// one hangs. Also where it waits as long for what another runner has under
/// way.
std::optional<CollectorId> CollectorRunner::AbandonHung(
    const Request& request) {
  if (!measurement_) return std::nullopt;
  const TimePoint now = environment_.clock.Now();
  if (measurement_->parked) {
    const auto hangs = [&](CollectorId id) {
      return !IsClaimedElsewhere(id) ||
             now - measurement_->claimed_since[static_cast<size_t>(id)] >=
                 request.budget();
    };
    if (std::ranges::all_of(kValuesOf<CollectorId>, hangs)) {
      measurement_.reset();
      Notify();
    }
    return std::nullopt;
  }
  if (!measurement_->running) return std::nullopt;
  const CollectorId id = *measurement_->running;
  const auto* const run = states_[id].run.current();
  if (now < run->deadline && now - run->started < request.budget()) {
    return std::nullopt;
  }
  last_abandoned_ = measurement_->number;
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

/// Since when the measurement's thread does what it does now, or waits to
/// begin.
CollectorRunner::TimePoint CollectorRunner::StepStarted() const {
  const CollectorId step =
      measurement_->running.value_or(CollectorId::kTargets);
  const auto* const run = states_[step].run.current();
  return run != nullptr ? run->started : measurement_->started;
}

/// Until when the step that begins now may take.
CollectorRunner::TimePoint CollectorRunner::StepDeadline() const {
  const TimePoint now = environment_.clock.Now();
  return std::max(now, now + (measurement_->deadline - now) / kShareOfTimeLeft);
}

/// The last moment until which something may come that is worth waiting for;
/// absent where nothing is.
std::optional<CollectorRunner::TimePoint> CollectorRunner::WaitUntil(
    const Request& request, uint64_t measurement) const {
  std::optional<TimePoint> latest;
  const auto wait_for = [&, now = environment_.clock.Now()](TimePoint started,
                                                            TimePoint at_most) {
    const TimePoint until = std::min(at_most, started + request.budget());
    if (until > now) latest = std::max(latest.value_or(until), until);
  };
  if (IsUnderWay(measurement)) {
    const Measurement& current = *measurement_;
    for (const CollectorId id : kValuesOf<CollectorId>) {
      if (IsClaimedElsewhere(id) &&
          (request.wants(id) || id == CollectorId::kTargets)) {
        wait_for(current.claimed_since[static_cast<size_t>(id)],
                 states_[id].interval ? request.background_until()
                                      : request.deadline);
      }
    }
    if (!current.parked && IsAwaited(request)) {
      wait_for(StepStarted(), request.deadline);
    }
  }
  for (const CollectorId id : kValuesOf<CollectorId>) {
    const CollectorState& state = states_[id];
    if (request.wants(id) && state.interval && state.run.running()) {
      wait_for(state.run.current()->started, request.background_until());
    }
  }
  return latest;
}

void CollectorRunner::Resume() {
  {
    const Lock lock(mutex_);
    if (!measurement_) return;
    measurement_->claimed_elsewhere.reset();
    if (measurement_->parked && !stopped_) {
      measurement_->parked = false;
      SubmitWork();
    }
    Notify();
  }
  LogUnsaid();
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
  auto claim = environment_.outstanding->TryClaim(
      {target_.name, id, target_.match}, environment_.clock.Now(),
      weak_from_this());
  if (claim) {
    return std::make_shared<OutstandingWork::Claim>(*std::move(claim));
  }
  measurement_->claimed_elsewhere.set(static_cast<size_t>(id));
  measurement_->claimed_since[static_cast<size_t>(id)] = claim.error();
  return nullptr;
}

bool CollectorRunner::IsClaimedElsewhere(CollectorId id) const {
  return measurement_->claimed_elsewhere[static_cast<size_t>(id)];
}

void CollectorRunner::Search(Lock& lock) {
  Claimed claim = TryClaim(CollectorId::kTargets);
  if (!claim) return;
  const Deadline deadline(environment_.clock, StepDeadline());
  const SearchRequest request{environment_.clock, deadline,
                              measurement_->asked};
  const auto before = BeginRun(CollectorId::kTargets, deadline.at());
  lock.unlock();
  FoundProcesses found = FindProcesses(search_, request, before.get());
  auto tree = std::make_shared<const ProcessTree>(std::move(found.tree));
  auto finished =
      std::make_shared<const FinishedRun>(std::move(found.finished));
  Tell(before.get(), *finished);
  claim.reset();
  lock.lock();
  // A search is never given up: this is its measurement.
  measurement_->tree = std::move(tree);
  EndRun(CollectorId::kTargets, std::move(finished));
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
  const TimePoint deadline = StepDeadline();
  const auto before = BeginRun(id, deadline);
  measurement_->running = id;
  // Held here, so that what an abandoned measurement found lives as long.
  const auto tree = measurement_->tree;
  lock.unlock();
  auto finished = std::make_shared<const FinishedRun>(Run(id, *tree, deadline));
  Tell(before.get(), *finished);
  claim.reset();
  lock.lock();
  EndRun(id, std::move(finished));
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
  const TimePoint deadline = environment_.clock.Now() + kBackgroundRunLimit;
  const auto submitted = environment_.background.Submit(
      [self = shared_from_this(), id, deadline, tree = measurement_->tree,
       before = BeginRun(id, deadline), claim = std::move(claim)]() mutable {
        auto finished =
            std::make_shared<const FinishedRun>(self->Run(id, *tree, deadline));
        self->Tell(before.get(), *finished);
        claim.reset();
        const Lock lock(self->mutex_);
        self->EndRun(id, std::move(finished));
      });
  if (!submitted) unsaid_ = submitted.error();
}

/// Begins a run of the measurement under way. Returns the result before it,
/// null for the first.
std::shared_ptr<const FinishedRun> CollectorRunner::BeginRun(
    CollectorId id, TimePoint deadline) {
  auto& run = states_[id].run;
  run.Begin({measurement_->number, environment_.clock.Now(), deadline});
  return run.last() != nullptr ? run.last()->result : nullptr;
}

/// Measures. Called under no lock.
FinishedRun CollectorRunner::Run(CollectorId id, const ProcessTree& tree,
                                 TimePoint deadline) const {
  return RunCollector(*states_[id].collector, tree,
                      Deadline(environment_.clock, deadline),
                      {target_, environment_.proc_fs, environment_.clock});
}

/// Called under no lock, before the result can be seen: so runs are told of in
/// their order.
void CollectorRunner::Tell(const FinishedRun* before,
                           const FinishedRun& finished) const {
  LogChange(environment_.logger, target_.name,
            before != nullptr ? &before->run : nullptr, finished.run);
  if (environment_.listener) environment_.listener(target_.name, finished);
}

void CollectorRunner::EndRun(CollectorId id,
                             std::shared_ptr<const FinishedRun> finished) {
  auto& run = states_[id].run;
  if (IsUnderWay(run.current()->measurement) && measurement_->running == id) {
    measurement_->running.reset();
  }
  run.End(std::move(finished), environment_.clock.Now());
  Notify();
}

}  // namespace leak_exporter
