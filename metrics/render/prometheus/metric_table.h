#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace leak_exporter::render {

/// Every metric, in the order in which the families are written. The table has
/// one row for each.
enum class MetricId : size_t {
  kTargetProcesses,
  kTargetStartTimeSeconds,
  kTargetOldestStartTimeSeconds,
  kTargetYoungestStartTimeSeconds,
  kTargetContainerInfo,
  kChildProcesses,
  kChildOldestAgeSeconds,
  kChildAgeSeconds,
  kZombieOldestAgeSeconds,
  kZombieUnreapedSeconds,
  kThreads,
  kResidentMemoryBytes,
  kResidentMemoryPeakBytes,
  kAnonymousMemoryBytes,
  kFileMemoryBytes,
  kSharedMemoryBytes,
  kSwapBytes,
  kMemoryLimitBytes,
  kMemoryLimitRatio,
  kCgroupMemoryLimitRatio,
  kProportionalMemoryBytes,
  kUniqueMemoryBytes,
  kMappings,
  kMappingsLimit,
  kMappingBytes,
  kAnonymousMappings,
  kOpenFiles,
  kOpenFilesLimit,
  kOpenFilesLimitRatio,
  kDeletedFileBytes,
  kRepositoryCacheBytes,
  kRepositoryCacheAllocatedBytes,
  kRepositoryCacheFiles,
  kRepositoryCacheFilesystemAvailableBytes,
  kTemporaryDirectories,
  kTemporaryDirectoryBytes,
  kTemporaryDirectoryFilesystemAvailableBytes,
  kPythonInfo,
  kPythonInterpreters,
  kPythonProcessesUnread,
  kPythonOldestWalkTimestampSeconds,
  kPythonProcessObjects,
  kPythonProcessObjectBytes,
  kPythonObjects,
  kPythonObjectBytes,
  kPythonUntrackedObjects,
  kPythonUntrackedObjectBytes,
  kPythonArenaBytes,
  kPythonArenaUsedBytes,
  kPythonGcCollectionsTotal,
  kPythonGcCollectedObjectsTotal,
  kPythonGcUncollectableObjectsTotal,
  kPythonGcPending,
  kPythonPermanentObjects,
  kPythonModules,
  kPythonWalkDurationSeconds,
  kPythonWalkComplete,
  kScrapeCollectorSuccess,
  kScrapeCollectorDurationSeconds,
  kScrapeCollectorTimestampSeconds,
  kScrapeCollectorErrors,
  kSeriesDropped,
  kExporterBuildInfo,
  kExporterConfigLastReloadSuccessful,
  kExporterConfigLastReloadSuccessTimestampSeconds,
  kExporterLogLinesDroppedTotal,
  kExporterSystemCallsRefusedTotal,
  kExporterDebugBlocksDroppedTotal,
  kProcessCpuSecondsTotal,
  kProcessOpenFds,
  kProcessMaxFds,
  kProcessVirtualMemoryBytes,
  kProcessResidentMemoryBytes,
  kProcessStartTimeSeconds,
};
inline constexpr size_t kMetrics =
    static_cast<size_t>(MetricId::kProcessStartTimeSeconds) + 1;

enum class MetricKind { kGauge, kCounter, kInfo };

/// Describes a metric, for the exposition and for the reference.
struct Metric {
  MetricId id;
  /// The name that samples have. A counter's ends with _total, an info's with
  /// _info.
  std::string_view name;
  MetricKind kind;
  /// The unit that the name ends with (before _total), or empty.
  std::string_view unit;
  /// Label names in the order of their values. Unused ones are empty.
  std::array<std::string_view, 5> labels;
  std::string_view help;
};

/// All metrics, indexed by MetricId.
std::span<const Metric, kMetrics> Metrics();

const Metric& Describe(MetricId id);

/// The metric whose samples have this name. Null if the table has none.
const Metric* FindMetric(std::string_view name);

}  // namespace leak_exporter::render
