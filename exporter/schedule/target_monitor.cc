#include "exporter/schedule/target_monitor.h"

#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "metrics/targets/main_processes.h"

namespace leak_exporter {
namespace {

// A directory walk of a hundred million entries from a cold disk takes minutes;
// what takes longer than this is cut off and says so.
constexpr std::chrono::minutes kBackgroundRunLimit{10};

}  // namespace

/// The last walk's processes, as they are served.
struct TargetMonitor::Walk {
  std::vector<ProcessId> ids;
  std::vector<MainProcess> main;
  CollectorRun run;
};

struct TargetMonitor::Round {
  uint64_t number;
  CollectorSet wanted;
  TimePoint started;
  TimePoint deadline;
  /// Null until the processes have been found.
  std::shared_ptr<const ProcessTree> tree;
  /// The slot that is run, or will be next.
  size_t next = 0;
  bool ended = false;
};

struct TargetMonitor::Slot {
  std::unique_ptr<Collector> collector;
  /// Absent for a collector that is run in the lane.
  std::optional<std::chrono::nanoseconds> interval;
  bool running = false;
  /// Of the run under way, or the last one.
  TimePoint started{};
  TimePoint deadline{};
  uint64_t round = 0;
  /// Of the last one that ended.
  std::optional<FinishedRun> last;
  TimePoint last_ended{};
  uint64_t last_round = 0;
};

TargetMonitor::TargetMonitor(config::TargetConfig target,
                             std::unique_ptr<TreeSource> trees,
                             std::vector<std::unique_ptr<Collector>> collectors,
                             const MonitorEnvironment& environment)
    : target_(std::move(target)),
      environment_(environment),
      trees_(std::move(trees)) {
  if (collectors.size() > kMostCollectors) {
    throw std::length_error("more collectors than a CollectorSet holds");
  }
  slots_.reserve(collectors.size());
  for (auto& collector : collectors) {
    const auto interval = collector->BackgroundInterval();
    slots_.push_back(Slot{.collector = std::move(collector),
                          .interval = interval,
                          .last = std::nullopt});
  }
}

TargetMonitor::~TargetMonitor() = default;

TargetMonitor::Ticket TargetMonitor::Begin(const Request& request) {
  const Lock lock(mutex_);
  return Join(request);
}

TargetSnapshot TargetMonitor::Finish(const Request& request, Ticket ticket) {
  Lock lock(mutex_);
  while (!stopped_) {
    if (!ticket) ticket = Join(request);
    if (const auto until = WaitUntil(request, ticket)) {
      environment_.clock.WaitUntil(
          lock, changed_, *until,
          [this, seen = changes_] { return changes_ != seen; });
    } else if (!(ticket && ticket->ended) && AbandonHungRound() &&
               environment_.clock.Now() < request.deadline) {
      ticket = nullptr;
    } else {
      break;
    }
  }
  return Assemble(request, ticket);
}

void TargetMonitor::Retire() {
  const Lock lock(mutex_);
  retired_ = true;
  Notify();
}

void TargetMonitor::Stop() {
  const Lock lock(mutex_);
  stopped_ = true;
  Notify();
}

void TargetMonitor::Notify() {
  ++changes_;
  changed_.notify_all();
}

TargetMonitor::Ticket TargetMonitor::Join(const Request& request) {
  AbandonHungRound();
  if (!round_) return StartRound(request);
  const CollectorSet missing = request.collectors & ~round_->wanted;
  for (size_t i = 0; i < slots_.size() && i <= round_->next; ++i) {
    // The lane has gone past it, so it takes another round.
    if (missing[i] && !slots_[i].interval && round_->tree) return nullptr;
  }
  round_->wanted |= missing;
  if (round_->tree) StartBackgroundRuns(*round_);
  return round_;
}

TargetMonitor::Ticket TargetMonitor::StartRound(const Request& request) {
  if (stopped_) return nullptr;
  if (!lane_runs_) {
    const auto started = environment_.workers.Start(
        WorkerThreads::Priority::kNormal,
        [self = shared_from_this(), lane = lane_] { self->RunLane(lane); });
    if (!started) {
      environment_.logger.Error(
          "cannot measure",
          {{"target", target_.name}, {"error", started.error().message}});
      return nullptr;
    }
    lane_runs_ = true;
  }
  round_ = std::make_shared<Round>(Round{.number = ++rounds_,
                                         .wanted = request.collectors,
                                         .started = environment_.clock.Now(),
                                         .deadline = request.deadline,
                                         .tree = nullptr});
  Notify();
  return round_;
}

/// Takes the round from a lane that hangs in a collector beyond the deadline.
/// A lane that hangs while it looks for processes stays: what it works on
/// cannot be shared.
bool TargetMonitor::AbandonHungRound() {
  if (!round_ || !round_->tree || environment_.clock.Now() < round_->deadline) {
    return false;
  }
  environment_.logger.Warn(
      "collector does not answer",
      {{"target", target_.name},
       {"collector", NameOf(slots_[round_->next].collector->id())}});
  round_->ended = true;
  round_.reset();
  ++lane_;
  lane_runs_ = false;
  Notify();
  return true;
}

/// The last moment until which something may come that is worth waiting for;
/// absent where nothing is.
std::optional<TargetMonitor::TimePoint> TargetMonitor::WaitUntil(
    const Request& request, const Ticket& ticket) const {
  std::optional<TimePoint> latest;
  const auto wait_for = [&, now = environment_.clock.Now()](TimePoint started) {
    const TimePoint until = std::min(
        request.deadline, started + (request.deadline - request.asked));
    if (until > now) latest = std::max(latest.value_or(until), until);
  };
  if (!ticket) {
    if (round_) wait_for(round_->started);
    return latest;
  }
  if (!ticket->ended) wait_for(ticket->started);
  for (size_t i = 0; i < slots_.size(); ++i) {
    const Slot& slot = slots_[i];
    if (request.collectors[i] && slot.interval && slot.running) {
      wait_for(slot.started);
    }
  }
  return latest;
}

void TargetMonitor::RunLane(uint64_t lane) {
  Lock lock(mutex_);
  while (lane == lane_) {
    if (round_) {
      RunRound(lock, lane, *Ticket(round_));
    } else if (retired_ || stopped_) {
      lane_runs_ = false;
      return;
    } else {
      changed_.wait(lock);
    }
  }
}

void TargetMonitor::RunRound(Lock& lock, uint64_t lane, Round& round) {
  lock.unlock();
  FoundProcesses found = FindProcesses(*trees_, environment_.clock);
  lock.lock();
  PublishProcesses(round, std::move(found));
  StartBackgroundRuns(round);
  // Held on its own, so that what an abandoned round measured lives as long.
  const std::shared_ptr<const ProcessTree> tree = round.tree;
  for (; round.next < slots_.size(); ++round.next) {
    Slot& slot = slots_[round.next];
    const bool in_time = environment_.clock.Now() < round.deadline;
    if (!round.wanted[round.next] || slot.interval || slot.running ||
        tree->main.empty() || !in_time) {
      continue;
    }
    slot.running = true;
    slot.round = round.number;
    slot.started = environment_.clock.Now();
    slot.deadline = round.deadline;
    RunAndPublish(lock, slot, *tree);
    if (lane != lane_) return;
  }
  round.ended = true;
  round_.reset();
  Notify();
}

void TargetMonitor::PublishProcesses(Round& round, FoundProcesses found) {
  Walk walk;
  walk.ids = MainIds(found.tree);
  walk.main = ListMainProcesses(found.tree);
  LogChange(environment_.logger, target_.name, walk_ ? &walk_->run : nullptr,
            found.run);
  walk.run = std::move(found.run);
  walk_ = std::make_shared<const Walk>(std::move(walk));
  round.tree = std::make_shared<const ProcessTree>(std::move(found.tree));
  Notify();
}

void TargetMonitor::StartBackgroundRuns(const Round& round) {
  if (round.tree->main.empty()) return;
  for (size_t i = 0; i < slots_.size(); ++i) {
    if (round.wanted[i] && IsDue(slots_[i])) {
      StartBackgroundRun(slots_[i], round);
    }
  }
}

void TargetMonitor::StartBackgroundRun(Slot& slot, const Round& round) {
  slot.round = round.number;
  slot.started = environment_.clock.Now();
  slot.deadline = slot.started + kBackgroundRunLimit;
  slot.running = true;
  const auto started = environment_.workers.Start(
      WorkerThreads::Priority::kBackground,
      [self = shared_from_this(), &slot, tree = round.tree] {
        Lock lock(self->mutex_);
        self->RunAndPublish(lock, slot, *tree);
      });
  if (!started) {
    slot.running = false;
    environment_.logger.Error("cannot measure",
                              {{"target", target_.name},
                               {"collector", NameOf(slot.collector->id())},
                               {"error", started.error().message}});
  }
}

void TargetMonitor::RunAndPublish(Lock& lock, Slot& slot,
                                  const ProcessTree& tree) {
  const Deadline deadline(environment_.clock, slot.deadline);
  const uint64_t round = slot.round;
  lock.unlock();
  FinishedRun result =
      RunCollector(*slot.collector, tree, deadline,
                   {target_, environment_.proc_fs, environment_.clock});
  lock.lock();
  LogChange(environment_.logger, target_.name,
            slot.last ? &slot.last->run : nullptr, result.run);
  slot.last = std::move(result);
  slot.last_ended = environment_.clock.Now();
  slot.last_round = round;
  slot.running = false;
  Notify();
}

TargetSnapshot TargetMonitor::Assemble(const Request& request,
                                       const Ticket& ticket) const {
  TargetSnapshot snapshot;
  snapshot.target = target_.name;
  const TimePoint now = environment_.clock.Now();
  if (ticket && ticket->tree) {
    snapshot.runs.push_back(walk_->run);
  } else {
    snapshot.runs.push_back(TimedOut(
        CollectorId::kTargets, now - (round_ ? round_->started : request.asked),
        walk_ ? walk_->run.timestamp_unix_seconds : std::nullopt));
  }
  if (!walk_ || walk_->main.empty()) return snapshot;
  snapshot.main_processes = walk_->main;
  for (size_t i = 0; i < slots_.size(); ++i) {
    if (request.collectors[i]) AddResult(slots_[i], request, ticket, snapshot);
  }
  return snapshot;
}

void TargetMonitor::AddResult(const Slot& slot, const Request& request,
                              const Ticket& ticket,
                              TargetSnapshot& snapshot) const {
  const FinishedRun* last =
      slot.last && IsCurrent(*slot.last) ? &*slot.last : nullptr;
  if (last != nullptr) ShareParts(last->parts, snapshot);
  const TimePoint now = environment_.clock.Now();
  const bool in_time = slot.interval
                           ? !(slot.running && now >= slot.deadline)
                           : ticket && slot.last_round >= ticket->number;
  if (last != nullptr && in_time) {
    snapshot.runs.push_back(last->run);
    return;
  }
  snapshot.runs.push_back(TimedOut(
      slot.collector->id(), now - (slot.running ? slot.started : request.asked),
      last ? last->run.timestamp_unix_seconds : std::nullopt));
}

bool TargetMonitor::IsDue(const Slot& slot) const {
  if (!slot.interval || slot.running) return false;
  return !slot.last || !IsCurrent(*slot.last) ||
         environment_.clock.Now() - slot.last_ended >= *slot.interval;
}

/// A result of processes that are all gone says nothing about those that have
/// taken their place.
bool TargetMonitor::IsCurrent(const FinishedRun& result) const {
  return std::any_of(
      result.main.begin(), result.main.end(), [this](const ProcessId& id) {
        return std::find(walk_->ids.begin(), walk_->ids.end(), id) !=
               walk_->ids.end();
      });
}

}  // namespace leak_exporter
