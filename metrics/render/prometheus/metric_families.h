#pragma once

#include <prometheus/metric_family.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "metrics/limits/limited_snapshot.h"

namespace leak_exporter::render {

/// What the exporter reports about itself. A value that could not be read is
/// absent.
struct ExporterStatus {
  std::string version;
  std::string revision;
  std::string compiler;
  /// Absent if no configuration file is used.
  std::optional<bool> config_last_reload_successful;
  std::optional<double> config_last_reload_success_unix_seconds;
  /// Log lines and debug blocks that were left out so far, because nobody read
  /// them in time.
  std::optional<uint64_t> log_lines_dropped;
  std::optional<uint64_t> system_calls_refused;
  std::optional<uint64_t> debug_blocks_dropped;
  std::optional<double> cpu_seconds;
  std::optional<uint64_t> open_fds;
  std::optional<uint64_t> max_fds;
  std::optional<uint64_t> virtual_bytes;
  std::optional<uint64_t> resident_bytes;
  std::optional<double> start_time_unix_seconds;
};

/// Returns the snapshot as metric families, in the order of the metric table. A
/// target without a process has only leak_target_processes 0 and the records of
/// its collectors' runs. If its processes are not known, the former is absent
/// too. An absent value has no sample, and a family without samples is left
/// out. All label values are UTF-8. No label set comes twice if the targets'
/// names differ. If `exporter` is given, its own metrics follow. Reads nothing
/// but its arguments. Thread-safe.
std::vector<prometheus::MetricFamily> BuildFamilies(
    const LimitedSnapshot& snapshot, const ExporterStatus* exporter = nullptr);

}  // namespace leak_exporter::render
