#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "exporter/log/log.h"
#include "exporter/schedule/collector_run.h"
#include "exporter/schedule/collector_states.h"
#include "exporter/schedule/outstanding_work.h"
#include "exporter/schedule/waitable_clock.h"
#include "exporter/schedule/worker_pool.h"
#include "metrics/base/collector_id.h"
#include "metrics/collectors/collector.h"
#include "metrics/procfs/proc_fs.h"
#include "metrics/snapshot.h"

namespace leak_exporter {

/// Told of each run that ended, those of the search included, from the thread
/// that ran it and under no lock. Must be quick, and must not throw.
using RunListener =
    std::function<void(const std::string& target, const FinishedRun& run)>;

/// What a runner measures with. The references outlive every worker thread.
struct RunnerEnvironment {
  const WaitableClock& clock;
  const procfs::ProcFs& proc_fs;
  /// Runs the search and the collectors of a scrape.
  WorkerPool& workers;
  /// Runs collectors that have an interval.
  WorkerPool& background;
  std::shared_ptr<OutstandingWork> outstanding;
  Logger& logger;
  /// May be empty.
  RunListener listener;
};

/// Runs the search for one target's processes and the target's collectors, and
/// keeps their last results.
///
/// A measurement is a search and then the collectors that are wanted, in order,
/// on one thread of the pool. Collectors with an interval run beside it, each
/// when it is due. Nothing runs twice at once. Requests that arrive while a
/// measurement is under way join it, so that they get the same numbers.
///
/// A collector that does not come back keeps its thread. The next request gets
/// a measurement without it. A search that does not come back is waited for:
/// what it works on cannot be shared. A run is waited for as long as the
/// request has time in all, counted from the start of the run, so that what has
/// hung for long holds up nobody.
///
/// Thread-safe. Always owned by a shared_ptr, which the threads share.
class CollectorRunner final
    : public OutstandingWork::Waiter,
      public std::enable_shared_from_this<CollectorRunner> {
 public:
  using Request = MeasurementRequest;
  using TimePoint = Request::TimePoint;

  CollectorRunner(config::TargetConfig target, SearchProcesses search,
                  std::vector<std::unique_ptr<Collector>> collectors,
                  const RunnerEnvironment& environment);
  ~CollectorRunner() override;

  const config::TargetConfig& target() const { return target_; }

  /// Has the target measured, without waiting, so that several targets are
  /// measured at once. Returns the number of the measurement, 0 where the last
  /// results will do.
  uint64_t Begin(const Request& request);

  /// Waits for the measurement, until the deadline at most, and returns what is
  /// there by then, as CollectorStates::Assemble() has it.
  TargetSnapshot Finish(const Request& request, uint64_t measurement);

  /// Ends all waiting at once, now and later.
  void Stop();

  void Resume() override;

 private:
  using Lock = std::unique_lock<std::mutex>;
  using Claimed = std::shared_ptr<OutstandingWork::Claim>;

  /// A search, and the collectors that run on what it found.
  struct Measurement {
    uint64_t number = 0;
    CollectorSet wanted;
    TimePoint started{};
    TimePoint deadline{};
    /// Null until the processes have been found.
    std::shared_ptr<const ProcessTree> tree = nullptr;
    /// The collector that is run, absent between two.
    std::optional<CollectorId> running = std::nullopt;
    /// What another runner still has under way, one before a reload.
    CollectorSet claimed_elsewhere = {};
    /// Since when, for each of those.
    std::array<TimePoint, kCountOf<CollectorId>> claimed_since = {};
    /// No thread works on it: all that is left is claimed elsewhere.
    bool parked = false;
  };

  void Notify();
  uint64_t Join(const Request& request);
  uint64_t StartMeasurement(const Request& request);
  void SubmitWork();
  std::optional<CollectorId> AbandonHung(const Request& request);
  bool IsUnderWay(uint64_t measurement) const;
  bool IsAwaited(const Request& request) const;
  TimePoint StepStarted() const;
  std::optional<TimePoint> WaitUntil(const Request& request,
                                     uint64_t measurement) const;

  /// What a thread of the pool does.
  void Work(uint64_t measurement);
  void EndOrPark();
  void Search(Lock& lock);
  std::optional<CollectorId> NextCollector() const;
  void RunNext(Lock& lock, CollectorId id);
  void StartBackgroundRuns();
  void StartBackgroundRun(CollectorId id);
  Claimed TryClaim(CollectorId id);
  bool IsClaimedElsewhere(CollectorId id) const;
  std::shared_ptr<const FinishedRun> BeginRun(CollectorId id,
                                              TimePoint deadline);
  FinishedRun Run(CollectorId id, const ProcessTree& tree,
                  TimePoint deadline) const;
  void Tell(const FinishedRun* before, const FinishedRun& finished) const;
  void EndRun(CollectorId id, std::shared_ptr<const FinishedRun> finished);

  const config::TargetConfig target_;
  const SearchProcesses search_;
  const RunnerEnvironment environment_;

  mutable std::mutex mutex_;
  /// Notified of every change below.
  std::condition_variable changed_;
  uint64_t changes_ = 0;
  CollectorStates states_;
  /// The one under way.
  std::optional<Measurement> measurement_;
  uint64_t measurements_ = 0;
  /// Number of the last one that was given up because a collector hangs.
  std::optional<uint64_t> last_abandoned_;
  bool stopped_ = false;
};

}  // namespace leak_exporter
