#include "metrics/render/prometheus/metric_families.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "metrics/base/utf8.h"
#include "metrics/render/prometheus/family_set.h"
#include "metrics/render/prometheus/target_sink.h"

namespace leak_exporter::render {
namespace {

using enum MetricId;

void AddMainProcesses(const std::vector<MainProcess>& processes,
                      const TargetSink& out) {
  out.families.Add(kTargetProcesses, {out.target}, processes.size());
  for (const MainProcess& process : processes) {
    out.families.Add(kTargetStartTimeSeconds,
                     {out.target, PidLabel(process.pid)},
                     process.start_time_unix_seconds);
  }
  if (processes.empty()) return;
  const auto [oldest, youngest] =
      std::ranges::minmax(processes, {}, &MainProcess::start_time_unix_seconds);
  out.families.Add(kTargetOldestStartTimeSeconds, {out.target},
                   oldest.start_time_unix_seconds);
  out.families.Add(kTargetYoungestStartTimeSeconds, {out.target},
                   youngest.start_time_unix_seconds);
}

/// A run that measured something has every cause, also those it did not meet.
void AddErrors(const CollectorRun& run, const TargetSink& out) {
  std::array<std::optional<uint64_t>, kCountOf<ErrorCause>> counts;
  if (run.timestamp_unix_seconds) counts.fill(0);
  for (const CollectorError& error : run.errors) {
    auto& count = counts[static_cast<size_t>(error.cause)];
    count = count.value_or(0) + error.count;
  }
  for (const ErrorCause cause : kValuesOf<ErrorCause>) {
    out.families.Add(kScrapeCollectorErrors,
                     {out.target, NameOf(run.collector), NameOf(cause)},
                     counts[static_cast<size_t>(cause)]);
  }
}

void AddRun(const CollectorRun& run, const TargetSink& out) {
  const std::string_view collector = NameOf(run.collector);
  out.families.Add(kScrapeCollectorSuccess, {out.target, collector},
                   run.success);
  out.families.Add(kScrapeCollectorDurationSeconds, {out.target, collector},
                   run.duration_seconds);
  out.families.Add(kScrapeCollectorTimestampSeconds, {out.target, collector},
                   run.timestamp_unix_seconds);
  AddErrors(run, out);
}

void AddTarget(const LimitedTarget& target, const TargetSink& out) {
  const TargetSnapshot& whole = target.whole;
  if (AreMainProcessesKnown(whole)) AddMainProcesses(whole.main_processes, out);
  for (const CollectorRun& run : whole.runs) AddRun(run, out);
  // Background collectors may still hold results of processes that ended.
  if (whole.main_processes.empty()) return;
  ForEachPart([&](CollectorId, auto part) {
    if (whole.*part) AddPart(*(whole.*part), target.lists, out);
  });
}

void AddExporter(const ExporterStatus& status, FamilySet& families) {
  families.Add(kExporterBuildInfo,
               {status.version, status.revision, status.compiler}, 1);
  families.Add(kExporterConfigLastReloadSuccessful, {},
               status.config_last_reload_successful);
  families.Add(kExporterConfigLastReloadSuccessTimestampSeconds, {},
               status.config_last_reload_success_unix_seconds);
  families.Add(kExporterLogLinesDroppedTotal, {}, status.log_lines_dropped);
  families.Add(kExporterSystemCallsRefusedTotal, {},
               status.system_calls_refused);
  families.Add(kExporterDebugBlocksDroppedTotal, {},
               status.debug_blocks_dropped);
  families.Add(kProcessCpuSecondsTotal, {}, status.cpu_seconds);
  families.Add(kProcessOpenFds, {}, status.open_fds);
  families.Add(kProcessMaxFds, {}, status.max_fds);
  families.Add(kProcessVirtualMemoryBytes, {}, status.virtual_bytes);
  families.Add(kProcessResidentMemoryBytes, {}, status.resident_bytes);
  families.Add(kProcessStartTimeSeconds, {}, status.start_time_unix_seconds);
}

}  // namespace

std::vector<prometheus::MetricFamily> BuildFamilies(
    const LimitedSnapshot& snapshot, const ExporterStatus* exporter) {
  FamilySet families;
  for (const LimitedTarget& target : snapshot.targets) {
    const std::string name = RepairUtf8(target.whole.target);
    AddTarget(target, {name, families});
  }
  if (exporter != nullptr) AddExporter(*exporter, families);
  return families.Take();
}

}  // namespace leak_exporter::render
