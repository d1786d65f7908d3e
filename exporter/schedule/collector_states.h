#pragma once

#include <algorithm>
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

/// Which collectors' results a caller wants of a target, and by when.
struct MeasurementRequest {
  using TimePoint = std::chrono::steady_clock::time_point;

  CollectorSet collectors;
  TimePoint asked{};
  TimePoint deadline{};
  /// The latest moment until which runs in the background are waited for, if
  /// that is before the deadline.
  TimePoint background_deadline = TimePoint::max();
  /// The greatest age of a result, since its run ended. With 0 the request
  /// starts a measurement, or joins one that is under way.
  std::chrono::nanoseconds max_age{0};

  std::chrono::nanoseconds budget() const { return deadline - asked; }
  TimePoint background_until() const {
    return std::min(deadline, background_deadline);
  }
  bool wants(CollectorId id) const {
    return collectors[static_cast<size_t>(id)];
  }
};

struct CollectorState {
  /// Null for the search, and for a collector that is not enabled.
  std::unique_ptr<Collector> collector;
  /// The least age of a result at which the collector runs again in the
  /// background. Absent for a collector that runs within a measurement.
  std::optional<std::chrono::nanoseconds> interval;
  RunState<std::shared_ptr<const FinishedRun>> run;
};

/// The search for one target's processes and the target's collectors, each with
/// its last result. Not thread-safe: the owner holds a lock around every call.
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

  /// Whether a collector with an interval must run again. It must if it does
  /// not run now, and if its last result is old enough or belongs to processes
  /// that have ended.
  bool IsDue(CollectorId id, TimePoint now) const;

  /// Whether the last results are young enough for the request.
  bool AreFreshEnough(const MeasurementRequest& request, TimePoint now) const;

  /// Whether the request asks for a collector without an interval that has no
  /// result of this measurement yet.
  bool IsMissing(const MeasurementRequest& request, CollectorId id,
                 uint64_t measurement) const;

  /// Returns the results that there are for the request. A collector that has
  /// no result of this measurement has its last result, with that result's own
  /// timestamp, and its run is a failure by kTimeout. A collector with an
  /// interval has its last result and the run that measured it. It has nothing
  /// during its first run, unless that has taken longer than the request's
  /// budget, which is a failure by kTimeout. If the target has no process,
  /// there is only the run of the search.
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
