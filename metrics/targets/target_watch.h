#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <vector>

#include "config/config.h"
#include "metrics/base/clock.h"
#include "metrics/base/error_tally.h"
#include "metrics/procfs/proc_fs.h"
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
/// match now, and who descends from them. Owns all that is remembered in
/// between. Not thread-safe; a ProcessTree that it handed over may be read by
/// anyone.
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
  /// Looks at the processes as they are now.
  Discovery Measure(const Clock& clock);

 private:
  using Matched = std::vector<MatchedProcess>;

  /// Compiles the rules where that has not succeeded yet: a user may be created
  /// later.
  bool PrepareRules(ErrorTally& errors);
  void AddMains(const Matched& matched, TreeWalk& walk, ErrorTally& errors);
  void SearchEverywhere(Matched matched, TreeWalk& walk, ErrorTally& errors);

  config::MatchConfig rules_;
  WatchLimits limits_;
  ProcessTable table_;
  std::optional<Matcher> matcher_;
  std::optional<Selector> selector_;
  /// The main processes of the discovery before.
  std::vector<pid_t> mains_;
};

}  // namespace leak_exporter
