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

/// Called after each run of a collector and of the search. The thread that ran
/// it makes the call and holds no lock. The listener must be quick and must not
/// throw.
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
/// A measurement is one search and then one run of each collector that is
/// wanted. They run in order, on one thread of the pool. A collector with an
/// interval runs beside measurements, whenever it is due. No collector runs
/// twice at once. A request that arrives during a measurement joins it, so that
/// both requests get the same numbers.
///
/// A collector that hangs keeps its thread, and the next request gets a
/// measurement without it. A search that hangs is not replaced, because its
/// state cannot be shared; later requests wait for it. A request waits for a
/// run at most as long as its own time budget, counted from the start of that
/// run. So work that has hung for a long time delays nobody. A step of a
/// measurement, the search or one collector, gets half of the time that is left
/// then, so that a slow step does not use up the time of those that follow.
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

  /// Starts or joins a measurement and does not wait for it, so that several
  /// targets are measured at once. Returns the number of the measurement, or 0
  /// if the last results are young enough.
  uint64_t Begin(const Request& request);

  /// Waits for the measurement, at most until the deadline. Returns what there
  /// is by then; see CollectorStates::Assemble().
  TargetSnapshot Finish(const Request& request, uint64_t measurement);

  /// Ends all waiting. Later calls do not wait either.
  void Stop();

  void Resume() override;

 private:
  using Lock = std::unique_lock<std::mutex>;
  using Claimed = std::shared_ptr<OutstandingWork::Claim>;

  /// A search, and the collectors that run on what it found.
  struct Measurement {
    uint64_t number = 0;
    CollectorSet wanted;
    TimePoint asked{};
    TimePoint started{};
    TimePoint deadline{};
    /// Null until the processes have been found.
    std::shared_ptr<const ProcessTree> tree = nullptr;
    /// The collector that runs now. Absent between two collectors.
    std::optional<CollectorId> running = std::nullopt;
    /// The collectors that a runner from before a reload still runs.
    CollectorSet claimed_elsewhere = {};
    /// When the run of each of those began.
    std::array<TimePoint, kCountOf<CollectorId>> claimed_since = {};
    /// True if no thread works on the measurement, because everything that is
    /// left to do is claimed by another runner.
    bool parked = false;
  };

  void Notify();
  uint64_t Join(const Request& request);
  uint64_t StartMeasurement(const Request& request);
  void SubmitWork();
  void LogUnsaid();
  std::optional<CollectorId> AbandonHung(const Request& request);
  bool IsUnderWay(uint64_t measurement) const;
  bool IsAwaited(const Request& request) const;
  TimePoint StepStarted() const;
  TimePoint StepDeadline() const;
  std::optional<TimePoint> WaitUntil(const Request& request,
                                     uint64_t measurement) const;

  /// Runs on a thread of the pool.
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
  /// Notified of every change to the members below.
  std::condition_variable changed_;
  uint64_t changes_ = 0;
  CollectorStates states_;
  /// The measurement that is under way.
  std::optional<Measurement> measurement_;
  uint64_t measurements_ = 0;
  /// Number of the last measurement that was given up because a collector
  /// hangs.
  std::optional<uint64_t> last_abandoned_;
  bool stopped_ = false;
  /// Why no thread could be started, to be logged without the lock.
  std::optional<Error> unsaid_;
};

}  // namespace leak_exporter
