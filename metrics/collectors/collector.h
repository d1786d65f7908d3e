#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "config/config.h"
#include "metrics/base/clock.h"
#include "metrics/base/collector_id.h"
#include "metrics/base/deadline.h"
#include "metrics/base/error_tally.h"
#include "metrics/procfs/proc_fs.h"
#include "metrics/snapshot.h"
#include "metrics/targets/process_tree.h"

namespace leak_exporter {

/// What one run of a collector works with.
struct CollectorContext {
  const config::TargetConfig& target;
  const ProcessTree& tree;
  const procfs::ProcFs& proc_fs;
  const Clock& clock;
  const Deadline& deadline;
  /// Scratch for the texts that are read. It belongs to the thread, because
  /// there may be many collectors and it may become large.
  std::string& buffer;
};

/// Measures one concern of one target. Each target has its own instance, so
/// that what carries over between runs (earlier reads, what things cost) is a
/// member. Collect is called from one thread at a time, though not always the
/// same one, and nothing else is called while it runs. It must end soon after
/// the deadline and must not throw for anything that the outside world does.
/// Where it has no result, it leaves its part of the snapshot null.
class Collector {
 public:
  virtual ~Collector() = default;

  virtual CollectorId id() const = 0;

  /// For a collector that runs in a background worker: how old a result must be
  /// before it is measured again. Absent for one that runs within every scrape.
  virtual std::optional<std::chrono::nanoseconds> BackgroundInterval() const {
    return std::nullopt;
  }

  /// Fills its part of `snapshot` and returns whether there is a result. Counts
  /// the reads that failed in `errors`, with a result and without one.
  virtual bool Collect(const CollectorContext& context,
                       TargetSnapshot& snapshot, ErrorTally& errors) = 0;
};

}  // namespace leak_exporter
