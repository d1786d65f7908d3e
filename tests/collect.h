#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "config/config.h"
#include "metrics/base/clock.h"
#include "metrics/base/deadline.h"
#include "metrics/collectors/collector.h"
#include "metrics/procfs/proc_fs.h"
#include "metrics/procfs/process_handle.h"
#include "metrics/snapshot.h"
#include "metrics/targets/process_tree.h"

namespace leak_exporter {

/// A process as a discovery would hand it to a collector, in this state.
inline ProcessSample SampleOf(const procfs::ProcFs& fs, pid_t pid,
                              char state = 'S') {
  auto process = procfs::ProcessHandle::Open(fs, pid);
  if (!process) throw std::runtime_error(process.error().message);
  ProcessSample sample;
  sample.handle =
      std::make_shared<const procfs::ProcessHandle>(std::move(*process));
  sample.status.state = state;
  return sample;
}

/// A tree of these, in its first discovery.
inline ProcessTree TreeOf(std::vector<ProcessSample> main,
                          std::vector<ProcessSample> descendants = {}) {
  return {.generation = 1,
          .main = std::move(main),
          .descendants = std::move(descendants)};
}

/// What one run of a collector hands over.
struct Collected {
  bool success = false;
  TargetSnapshot snapshot;
  std::vector<CollectorError> errors;

  /// "CAUSE COUNT" of each.
  std::vector<std::string> causes() const {
    std::vector<std::string> causes;
    for (const CollectorError& error : errors) {
      causes.push_back(std::string(NameOf(error.cause)) + " " +
                       std::to_string(error.count));
    }
    return causes;
  }
};

/// Runs a collector; `in_time` says whether its deadline is still to come.
inline Collected Collect(Collector& collector, const procfs::ProcFs& fs,
                         const ProcessTree& tree, bool in_time = true) {
  const config::TargetConfig target;
  const SystemClock clock;
  const Deadline deadline =
      in_time ? Deadline::Never(clock)
              : Deadline(clock, std::chrono::steady_clock::time_point());
  Collected collected;
  ErrorTally errors;
  std::string buffer;
  collected.success = collector.Collect(
      {target, tree, fs, clock, deadline, buffer}, collected.snapshot, errors);
  collected.errors = errors.errors();
  return collected;
}

}  // namespace leak_exporter
