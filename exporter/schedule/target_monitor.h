#pragma once

#include <bitset>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "config/config.h"
#include "exporter/log/log.h"
#include "exporter/schedule/collector_run.h"
#include "exporter/schedule/tree_source.h"
#include "exporter/schedule/waitable_clock.h"
#include "exporter/schedule/worker_threads.h"
#include "metrics/base/process_id.h"
#include "metrics/collectors/collector.h"
#include "metrics/procfs/proc_fs.h"
#include "metrics/snapshot.h"

namespace leak_exporter {

/// Indexes into a monitor's list of collectors.
inline constexpr size_t kMostCollectors = 32;
using CollectorSet = std::bitset<kMostCollectors>;

/// What a monitor measures with. The references outlive every worker thread.
struct MonitorEnvironment {
  const WaitableClock& clock;
  const procfs::ProcFs& proc_fs;
  WorkerThreads& workers;
  Logger& logger;
};

/// Watches one target: runs rounds of measurement, keeps the results, and
/// answers from them.
///
/// A round finds the processes and then runs the collectors that are wanted, in
/// order, in the target's own lane, a thread that rests between rounds. Those
/// with an interval run beside it, each in a thread of its own that ends with
/// the run, and one run at a time. Who asks while a round is under way joins
/// it. A collector that has not come back by the round's deadline keeps its
/// thread; the next round has a new lane and leaves that collector out until it
/// comes back. So a target never has more threads than collectors and one, and
/// neither a collector nor a target holds up another.
///
/// A run is waited for as long as the one who asks has time in all, counted
/// from the start of the run: what has hung for long holds up nobody.
///
/// Thread-safe. Always owned by a shared_ptr, which the threads share.
class TargetMonitor : public std::enable_shared_from_this<TargetMonitor> {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  struct Request {
    CollectorSet collectors;
    TimePoint asked;
    TimePoint deadline;
  };

  /// A round that was joined; null where another one has to end first.
  struct Round;
  using Ticket = std::shared_ptr<Round>;

  TargetMonitor(config::TargetConfig target, std::unique_ptr<TreeSource> trees,
                std::vector<std::unique_ptr<Collector>> collectors,
                const MonitorEnvironment& environment);
  ~TargetMonitor();

  const config::TargetConfig& target() const { return target_; }

  /// Has the target measured, without waiting, so that several targets are
  /// measured at once.
  Ticket Begin(const Request& request);

  /// Waits for the measurement, until the deadline at most, and returns what is
  /// there by then: for a collector without a new result the last one, with its
  /// own timestamp, and a run that failed by "timeout". Without a process of
  /// the target there is nothing but the run `targets`.
  TargetSnapshot Finish(const Request& request, Ticket ticket);

  /// Ends the lane once it rests. The monitor still answers.
  void Retire();

  /// Ends all waiting at once, now and later.
  void Stop();

 private:
  struct Walk;
  struct Slot;
  using Lock = std::unique_lock<std::mutex>;

  void Notify();
  Ticket Join(const Request& request);
  Ticket StartRound(const Request& request);
  bool AbandonHungRound();
  std::optional<TimePoint> WaitUntil(const Request& request,
                                     const Ticket& ticket) const;

  void RunLane(uint64_t lane);
  void RunRound(Lock& lock, uint64_t lane, Round& round);
  void StartBackgroundRuns(const Round& round);
  void StartBackgroundRun(Slot& slot, const Round& round);
  void RunAndPublish(Lock& lock, Slot& slot, const ProcessTree& tree);
  void PublishProcesses(Round& round, FoundProcesses found);

  TargetSnapshot Assemble(const Request& request, const Ticket& ticket) const;
  void AddResult(const Slot& slot, const Request& request, const Ticket& ticket,
                 TargetSnapshot& snapshot) const;
  bool IsDue(const Slot& slot) const;
  bool IsCurrent(const FinishedRun& result) const;

  const config::TargetConfig target_;
  const MonitorEnvironment environment_;
  const std::unique_ptr<TreeSource> trees_;

  mutable std::mutex mutex_;
  /// Notified of every change below.
  std::condition_variable changed_;
  uint64_t changes_ = 0;
  std::vector<Slot> slots_;
  /// The last one that ended; null before the first.
  std::shared_ptr<const Walk> walk_;
  /// The one under way.
  Ticket round_;
  uint64_t rounds_ = 0;
  /// Number of the lane that may run rounds; an abandoned one has an older.
  uint64_t lane_ = 0;
  bool lane_runs_ = false;
  bool retired_ = false;
  bool stopped_ = false;
};

}  // namespace leak_exporter
