#pragma once

#include <optional>

#include "metrics/base/clock.h"
#include "metrics/procfs/proc_fs.h"
#include "metrics/render/prometheus/metric_families.h"

namespace leak_exporter {

/// Reads what the exporter reports about its own process. Thread-safe.
class SelfStatus {
 public:
  /// `proc_fs` must be a /proc that shows this process.
  SelfStatus(procfs::ProcFs proc_fs, const Clock& clock);

  /// Returns the build and the process's numbers. The fields on the
  /// configuration stay absent. Reads getrusage(2), getrlimit(2),
  /// /proc/self/statm and /proc/self/fd.
  render::ExporterStatus Read() const;

 private:
  procfs::ProcFs proc_fs_;
  std::optional<double> start_time_unix_seconds_;
};

}  // namespace leak_exporter
