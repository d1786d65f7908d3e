#include "exporter/schedule/collector_states.h"

#include <algorithm>
#include <utility>

namespace leak_exporter {
namespace {

using TimePoint = CollectorStates::TimePoint;

const FinishedRun* LastOf(const CollectorState& state) {
  const auto* const last = state.run.last();
  return last != nullptr ? last->result.get() : nullptr;
}

/// Since when the result is waited for: since its run began, or since the
/// request where none is under way.
CollectorRun Late(CollectorId id, const CollectorState& state,
                  const FinishedRun* last, const MeasurementRequest& request,
                  TimePoint now) {
  const TimePoint since =
      state.run.running() ? state.run.current()->started : request.asked;
  return TimedOut(
      id, now - since,
      last != nullptr ? last->run.timestamp_unix_seconds : std::nullopt);
}

}  // namespace

CollectorStates::CollectorStates(
    std::vector<std::unique_ptr<Collector>> collectors) {
  for (auto& collector : collectors) {
    CollectorState& state = (*this)[collector->id()];
    state.interval = collector->BackgroundInterval();
    state.collector = std::move(collector);
  }
}

bool CollectorStates::IsDue(CollectorId id, TimePoint now) const {
  const CollectorState& state = (*this)[id];
  if (!state.collector || !state.interval || state.run.running()) return false;
  return LastOfTheseProcesses(id) == nullptr ||
         state.run.IsOlderThan(*state.interval, now);
}

bool CollectorStates::AreFreshEnough(const MeasurementRequest& request,
                                     TimePoint now) const {
  const CollectorState& search = (*this)[CollectorId::kTargets];
  if (search.run.IsOlderThan(request.max_age, now)) return false;
  if (LastOf(search)->main.empty()) return true;
  return std::ranges::all_of(kValuesOf<CollectorId>, [&](CollectorId id) {
    const CollectorState& state = (*this)[id];
    if (!request.wants(id) || !state.collector) return true;
    if (state.interval) return !IsDue(id, now);
    return LastOfTheseProcesses(id) != nullptr &&
           !state.run.IsOlderThan(request.max_age, now);
  });
}

bool CollectorStates::IsMissing(const MeasurementRequest& request,
                                CollectorId id, uint64_t measurement) const {
  const CollectorState& state = (*this)[id];
  return request.wants(id) && state.collector && !state.interval &&
         !state.run.HasResultOf(measurement);
}

TargetSnapshot CollectorStates::Assemble(const std::string& target,
                                         const MeasurementRequest& request,
                                         uint64_t measurement,
                                         TimePoint now) const {
  TargetSnapshot snapshot;
  snapshot.target = target;
  const CollectorState& search = (*this)[CollectorId::kTargets];
  const FinishedRun* const last = LastOf(search);
  snapshot.runs.push_back(
      search.run.HasResultOf(measurement)
          ? last->run
          : Late(CollectorId::kTargets, search, last, request, now));
  if (last == nullptr || last->main.empty()) return snapshot;
  snapshot.main_processes = last->parts.main_processes;
  for (const CollectorId id : kValuesOf<CollectorId>) {
    if (request.wants(id) && (*this)[id].collector) {
      AddResult(id, request, measurement, now, snapshot);
    }
  }
  return snapshot;
}

void CollectorStates::AddResult(CollectorId id,
                                const MeasurementRequest& request,
                                uint64_t measurement, TimePoint now,
                                TargetSnapshot& snapshot) const {
  const CollectorState& state = (*this)[id];
  const FinishedRun* const last = LastOfTheseProcesses(id);
  if (last != nullptr) ShareParts(last->parts, snapshot);
  const auto* const current = state.run.current();
  if (state.interval && last == nullptr && current != nullptr &&
      now - current->started < request.budget()) {
    return;
  }
  const bool in_time = state.interval ? !state.run.IsOverdue(now)
                                      : state.run.HasResultOf(measurement);
  snapshot.runs.push_back(last != nullptr && in_time
                              ? last->run
                              : Late(id, state, last, request, now));
}

/// A result of processes that are all gone says nothing about those that have
/// taken their place.
const FinishedRun* CollectorStates::LastOfTheseProcesses(CollectorId id) const {
  const FinishedRun* const last = LastOf((*this)[id]);
  const FinishedRun* const search = LastOf((*this)[CollectorId::kTargets]);
  if (last == nullptr || search == nullptr) return nullptr;
  const bool is_of_these =
      std::ranges::any_of(last->main, [&](const ProcessId& process) {
        return std::ranges::find(search->main, process) != search->main.end();
      });
  return is_of_these ? last : nullptr;
}

}  // namespace leak_exporter
