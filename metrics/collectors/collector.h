#pragma once

#include <chrono>
#include <optional>

#include "config/config.h"
#include "metrics/base/clock.h"
#include "metrics/base/collector_id.h"
#include "metrics/base/deadline.h"
#include "metrics/base/error_tally.h"
#include "metrics/procfs/proc_fs.h"
#include "metrics/snapshot.h"
#include "metrics/targets/process_tree.h"

namespace leak_exporter {

/// What a collector is given for one run.
struct CollectorContext {
  const config::TargetConfig& target;
  const ProcessTree& tree;
  const procfs::ProcFs& proc_fs;
  const Clock& clock;
  const Deadline& deadline;
};

/// Measures one concern of one target. There is one instance a target, so that
/// what carries over between runs (earlier reads, what things cost) is a
/// member. Collect is called from one thread at a time, not always the same;
/// nothing else is called while it runs. It must end soon after the deadline,
/// must not throw for anything that the outside world does, and leaves its part
/// of the snapshot null where it has no result.
class Collector {
 public:
  virtual ~Collector() = default;

  virtual CollectorId id() const = 0;

  /// How old a result must be before it is measured again, in a background
  /// worker; absent for one that is measured within every scrape.
  virtual std::optional<std::chrono::nanoseconds> BackgroundInterval() const {
    return std::nullopt;
  }

  /// Fills its part of `snapshot` and returns whether there is a result. Reads
  /// that failed go to `errors`, whether or not there is one.
  virtual bool Collect(const CollectorContext& context,
                       TargetSnapshot& snapshot, ErrorTally& errors) = 0;
};

}  // namespace leak_exporter
