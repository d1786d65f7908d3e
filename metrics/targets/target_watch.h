#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <vector>

#include "config/config.h"
#include "metrics/base/clock.h"
#include "metrics/base/deadline.h"
#include "metrics/base/error_tally.h"
#include "metrics/procfs/proc_fs.h"
#include "metrics/targets/kernel_threads.h"
#include "metrics/targets/machine_processes.h"
#include "metrics/targets/matcher.h"
#include "metrics/targets/process_table.h"
#include "metrics/targets/process_tree.h"
#include "metrics/targets/selector.h"
#include "metrics/targets/tree_walk.h"
#include "metrics/targets/user_lookup.h"

namespace leak_exporter {

struct WatchLimits {
  /// The most processes in a tree. A tree with more is cut, which is an error
  /// "limit".
  size_t most_processes = 1'000'000;
  /// The most descriptors that one target keeps open, one for each process.
  /// Further processes are read by path, which costs one more read each.
  size_t most_descriptors = 16'384;
};

/// Follows one target from discovery to discovery: which processes its rules
/// match now, and which descend from them. Owns all that is remembered of the
/// target in between. Not thread-safe, but any thread may read a ProcessTree
/// that it handed over.
class TargetWatch {
 public:
  explicit TargetWatch(const config::TargetConfig& target,
                       const procfs::ProcFs& fs = procfs::ProcFs(),
                       const WatchLimits& limits = WatchLimits(),
                       UserLookup look_up_user = LookUpUser);
  TargetWatch(const TargetWatch&) = delete;
  TargetWatch& operator=(const TargetWatch&) = delete;

  struct Discovery {
    ProcessTree tree;
    /// What could not be read and was therefore left out. Rules that cannot be
    /// applied (an unknown user) are an error too, and leave the tree empty. So
    /// is a process that /proc hides (hidepid), if it may be the target's.
    ErrorTally errors;
    /// The search did not end before its deadline, or the exporter had no
    /// descriptors or memory for it. Then the tree is empty, and what was
    /// remembered before stays.
    bool incomplete = false;
  };
  /// Searches the machine's processes as they are now, for this target alone.
  Discovery Measure(const Clock& clock, const Deadline& deadline);
  /// Chooses from `machine`, which several targets may share, one after
  /// another. What one of them has read there is not read again for the next.
  /// `machine` must have the same file system as this object.
  Discovery Measure(const Clock& clock, const Deadline& deadline,
                    MachineProcesses& machine);

 private:
  using Pids = std::vector<pid_t>;

  /// The objects that one discovery works with.
  struct Work {
    MachineProcesses& machine;
    TreeWalk& walk;
    const Deadline& deadline;
    ErrorTally& errors;
  };

  /// Compiles the rules unless that has succeeded before. Tries in every
  /// discovery, because a user may be created later.
  bool PrepareRules(ErrorTally& errors);
  void ChooseAndAddMains(const Work& work);
  void SearchEverywhere(const Work& work);
  /// The processes among `pids` that match.
  Pids Choose(const Pids& pids, const Work& work);
  /// All processes that match, except the exporter, its helpers and those that
  /// are in the tree already.
  Pids ChooseFromAll(const Work& work);
  bool Matches(const Result<FoundProcess>& process, ErrorTally& errors);
  void AddHidden(pid_t pid, ErrorTally& errors) const;
  void AddMains(const Pids& matched, const Work& work);

  config::MatchConfig rules_;
  WatchLimits limits_;
  const UserLookup look_up_user_;
  ProcessTable table_;
  KernelThreads kernel_threads_;
  std::optional<Matcher> matcher_;
  std::optional<Selector> selector_;
  /// The main processes of the discovery before.
  Pids mains_;
};

}  // namespace leak_exporter
