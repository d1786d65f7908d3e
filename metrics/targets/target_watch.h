#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <vector>

#include "config/config.h"
#include "metrics/base/clock.h"
#include "metrics/base/error_tally.h"
#include "metrics/procfs/proc_fs.h"
#include "metrics/targets/kernel_threads.h"
#include "metrics/targets/machine_processes.h"
#include "metrics/targets/matcher.h"
#include "metrics/targets/process_table.h"
#include "metrics/targets/process_tree.h"
#include "metrics/targets/selector.h"
#include "metrics/targets/tree_walk.h"

namespace leak_exporter {

struct WatchLimits {
  /// Of a tree; what is beyond is an error "limit".
  size_t most_processes = 1'000'000;
  /// Descriptors that one target keeps open, one a process; processes beyond
  /// are read by path, which costs one more read each.
  size_t most_descriptors = 16'384;
};

/// Follows one target from discovery to discovery: which processes its rules
/// match now, and who descends from them. Owns all that is remembered of the
/// target in between. Not thread-safe; a ProcessTree that it handed over may be
/// read by anyone.
class TargetWatch {
 public:
  explicit TargetWatch(const config::TargetConfig& target,
                       const procfs::ProcFs& fs = procfs::ProcFs(),
                       const WatchLimits& limits = WatchLimits());
  TargetWatch(const TargetWatch&) = delete;
  TargetWatch& operator=(const TargetWatch&) = delete;

  struct Discovery {
    ProcessTree tree;
    /// Of the choice and of the walk: what could not be read is left out and
    /// counted here. Rules that cannot be applied (an unknown user) leave the
    /// tree empty.
    ErrorTally errors;
  };
  /// Chooses from the processes of the machine as they are now, for this target
  /// alone.
  Discovery Measure(const Clock& clock);
  /// Chooses from what was found, or is found while it chooses, for whichever
  /// targets share `machine`, one after another. Its file system is this
  /// object's.
  Discovery Measure(const Clock& clock, MachineProcesses& machine);

 private:
  using Pids = std::vector<pid_t>;

  /// What one discovery works with.
  struct Work {
    MachineProcesses& machine;
    TreeWalk& walk;
    ErrorTally& errors;
  };

  /// Compiles the rules where that has not succeeded yet: a user may be created
  /// later.
  bool PrepareRules(ErrorTally& errors);
  void ChooseAndAddMains(const Work& work);
  void SearchEverywhere(const Work& work);
  /// Those of `pids` that match.
  Pids Choose(const Pids& pids, const Work& work);
  /// Those of all processes that match, but for the exporter itself and those
  /// that are in the tree already.
  Pids ChooseFromAll(const Work& work);
  bool Matches(const Result<FoundProcess>& process, ErrorTally& errors);
  void AddMains(const Pids& matched, const Work& work);

  config::MatchConfig rules_;
  WatchLimits limits_;
  ProcessTable table_;
  KernelThreads kernel_threads_;
  std::optional<Matcher> matcher_;
  std::optional<Selector> selector_;
  /// The main processes of the discovery before.
  Pids mains_;
};

}  // namespace leak_exporter
