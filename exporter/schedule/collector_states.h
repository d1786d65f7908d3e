#pragma once

#include <array>
#include <bitset>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "exporter/schedule/collector_run.h"
#include "exporter/schedule/run_state.h"
#include "metrics/base/collector_id.h"
#include "metrics/base/named_enum.h"
#include "metrics/collectors/collector.h"
#include "metrics/snapshot.h"

namespace leak_exporter {

/// One bit for each CollectorId.
using CollectorSet = std::bitset<kCountOf<CollectorId>>;

/// What somebody wants to know of a target.
struct MeasurementRequest {
  using TimePoint = std::chrono::steady_clock::time_point;

  CollectorSet collectors;
  TimePoint asked{};
  TimePoint deadline{};
  /// Results that ended less than this ago will do. With 0 there is a
  /// measurement, or one under way is joined.
  std::chrono::nanoseconds max_age{0};

  std::chrono::nanoseconds budget() const { return deadline - asked; }
  bool wants(CollectorId id) const {
    return collectors[static_cast<size_t>(id)];
  }
};

struct CollectorState {
  /// Null for the search of processes, and for what is not enabled.
  std::unique_ptr<Collector> collector;
  /// The least age at which it is measured again, in the background; absent for
  /// what runs within a measurement.
  std::optional<std::chrono::nanoseconds> interval;
  RunState<std::shared_ptr<const FinishedRun>> run;
};

/// The search of one target's processes and the target's collectors, with what
/// each last found. Plain state: its owner holds a lock around every call.
class CollectorStates {
 public:
  using TimePoint = MeasurementRequest::TimePoint;

  explicit CollectorStates(std::vector<std::unique_ptr<Collector>> collectors);

  CollectorState& operator[](CollectorId id) {
    return states_[static_cast<size_t>(id)];
  }
  const CollectorState& operator[](CollectorId id) const {
    return states_[static_cast<size_t>(id)];
  }

  /// Whether a collector with an interval is to be run again: it does not run,
  /// and its last result is old enough or is of processes that have ended.
  bool IsDue(CollectorId id, TimePoint now) const;

  /// Whether the last results are young enough for the request.
  bool AreFreshEnough(const MeasurementRequest& request, TimePoint now) const;

  /// Whether a collector without an interval is requested, and has no result of
  /// this measurement yet.
  bool IsMissing(const MeasurementRequest& request, CollectorId id,
                 uint64_t measurement) const;

  /// What is there for the request: for a collector without a result of this
  /// measurement the last one, with its own timestamp, and a run that failed by
  /// kTimeout. Without a process of the target there is nothing but the run of
  /// the search.
  TargetSnapshot Assemble(const std::string& target,
                          const MeasurementRequest& request,
                          uint64_t measurement, TimePoint now) const;

 private:
  void AddResult(CollectorId id, const MeasurementRequest& request,
                 uint64_t measurement, TimePoint now,
                 TargetSnapshot& snapshot) const;
  const FinishedRun* LastOfTheseProcesses(CollectorId id) const;

  std::array<CollectorState, kCountOf<CollectorId>> states_;
};

}  // namespace leak_exporter
