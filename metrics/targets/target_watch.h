#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "config/config.h"
#include "metrics/base/clock.h"
#include "metrics/base/deadline.h"
#include "metrics/base/error_tally.h"
#include "metrics/procfs/proc_fs.h"
#include "metrics/targets/kernel_threads.h"
#include "metrics/targets/machine_look.h"
#include "metrics/targets/machine_processes.h"
#include "metrics/targets/machine_watch.h"
#include "metrics/targets/matcher.h"
#include "metrics/targets/process_table.h"
#include "metrics/targets/process_tree.h"
#include "metrics/targets/tree_walk.h"
#include "metrics/targets/user_lookup.h"
#include "metrics/targets/verdicts.h"

namespace leak_exporter {

struct WatchLimits {
  /// The most processes in a tree, each of which takes a kilobyte and a half.
  /// The descendants of a tree with more are not known, which is an error
  /// "limit".
  size_t most_processes = 20'480;
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

  /// The matcher by which looks at the machine will have to judge. Null if
  /// there is none yet, because the rules name a user, who is looked up in the
  /// first discovery, or are wrong; or none ever, because they name processes
  /// by number.
  std::shared_ptr<const Matcher> MatcherForLooks();

  struct Discovery {
    ProcessTree tree;
    /// What could not be read and was therefore left out. Rules that cannot be
    /// applied (an unknown user) are an error too, and leave the tree empty. So
    /// is a process that /proc hides (hidepid), if it may be the target's.
    ErrorTally errors;
    /// The search did not end before its deadline, the exporter had no
    /// descriptors or memory for it, or there are too many main processes. Then
    /// the tree is empty, and what was remembered before stays.
    bool incomplete = false;
  };
  /// Searches the machine's processes as they are now, for this target alone.
  Discovery Measure(const Clock& clock, const Deadline& deadline);

  /// Gives a look at the machine that judges by this matcher, or null if there
  /// is none before the deadline.
  using LookAtMachine = std::function<std::shared_ptr<const MachineLook>(
      const std::shared_ptr<const Matcher>&, const Deadline&)>;
  /// The same from a look that other targets may share. A target whose rules
  /// name processes by number needs no look, and asks for none.
  Discovery Measure(const Clock& clock, const Deadline& deadline,
                    const LookAtMachine& look_at_machine);

 private:
  using Pids = std::vector<pid_t>;
  using ParentOf = std::function<std::optional<pid_t>(pid_t)>;

  /// Compiles the rules unless that has succeeded before. Tries in every
  /// discovery, because a user may be created later.
  bool PrepareRules(ErrorTally& errors);
  void MeasureNamed(const Clock& clock, const Deadline& deadline,
                    Discovery& discovery);
  void MeasureByLook(const Deadline& deadline, const LookAtMachine& look,
                     Discovery& discovery);
  /// The processes among `pids` that match.
  Pids Choose(const Pids& pids, MachineProcesses& machine,
              const Deadline& deadline, ErrorTally& errors);
  void AddHidden(pid_t pid, ErrorTally& errors) const;
  void AddMains(const Pids& matched, const ParentOf& parent_of, TreeWalk& walk,
                ErrorTally& errors);

  config::MatchConfig rules_;
  WatchLimits limits_;
  const UserLookup look_up_user_;
  ProcessTable table_;
  std::shared_ptr<const Matcher> matcher_;
  /// For rules that name processes by number.
  KernelThreads kernel_threads_;
  Verdicts verdicts_;
  /// For searches of this target alone.
  MachineWatch machine_;
};

}  // namespace leak_exporter
