#pragma once

#include <optional>

#include "metrics/base/clock.h"
#include "metrics/procfs/proc_fs.h"
#include "metrics/render/prometheus/metric_families.h"

namespace leak_exporter {

/// What the exporter says of its own process. Thread-safe.
class SelfStatus {
 public:
  /// `proc_fs` is the /proc that this process is in.
  SelfStatus(procfs::ProcFs proc_fs, const Clock& clock);

  /// Build and process; the configuration's fields stay absent. Reads
  /// getrusage(2), getrlimit(2), /proc/self/statm and /proc/self/fd.
  render::ExporterStatus Read() const;

 private:
  procfs::ProcFs proc_fs_;
  std::optional<double> start_time_unix_seconds_;
};

}  // namespace leak_exporter
