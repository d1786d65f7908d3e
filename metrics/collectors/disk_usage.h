#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "config/config.h"
#include "metrics/collectors/collector.h"
#include "metrics/collectors/support/directory_places.h"
#include "metrics/disk/file_id.h"
#include "metrics/disk/measure_directory.h"

namespace leak_exporter {

/// Sizes of the configured repository caches, of the temporary directories that
/// children work in (FindWorkingDirectories says which those are), and of those
/// that the configured globs match besides.
///
/// A directory is measured once a run, however many processes and paths lead to
/// it. The order is by what each cost last time, cheapest first, and each may
/// take an equal share of the time that is left: a giant one comes last and
/// gets what the others did not need, but can take nothing from them. One that
/// cannot be measured has an error of its own, and one that vanishes is left
/// out.
class DiskUsageCollector final : public Collector {
 public:
  explicit DiskUsageCollector(const config::DiskUsageConfig& config,
                              unsigned walk_threads = DefaultWalkThreads());

  CollectorId id() const override { return CollectorId::kDiskUsage; }
  std::optional<std::chrono::nanoseconds> BackgroundInterval() const override {
    return min_interval_;
  }
  bool Collect(const CollectorContext& context, TargetSnapshot& snapshot,
               ErrorTally& errors) override;

 private:
  /// What became of one directory in a run.
  struct Measured {
    Result<DirectoryUsage> usage;
    /// Room on its filesystem.
    std::optional<uint64_t> available_bytes;
    /// The oldest child that works there; 0 for none.
    pid_t pid = 0;
  };
  using MeasuredById = std::map<FileId, Measured>;

  MeasuredById Measure(std::vector<const DirectoryPlace*> places,
                       const TargetRoots& roots,
                       const CollectorContext& context, ErrorTally& errors);

  const std::chrono::nanoseconds min_interval_;
  MeasureOptions options_;
  /// Entries that each directory of the last run had; the most there can be for
  /// one that could not be measured.
  std::map<FileId, uint64_t> last_cost_;
};

}  // namespace leak_exporter
