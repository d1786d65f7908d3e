#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "config/config.h"
#include "metrics/collectors/collector.h"
#include "metrics/collectors/support/directory_places.h"
#include "metrics/disk/directory_looks.h"
#include "metrics/disk/file_id.h"
#include "metrics/disk/measure_directory.h"

namespace leak_exporter {

/// Measures the sizes of the configured repository caches, of the temporary
/// directories that children work in (see FindWorkingDirectories), and of those
/// that the configured globs match.
///
/// A directory is measured once in a run, however many processes and paths lead
/// to it. The directory that cost least in the last run comes first, and each
/// may take an equal share of the time that is left. A giant one thus comes
/// last: it gets the time that the others did not need, and takes none from
/// them. A directory that cannot be measured has an error of its own. One that
/// vanishes is left out.
///
/// A directory may hang on a dead file server. It then keeps a thread of
/// `looks`, and the run goes on with the others.
class DiskUsageCollector final : public Collector {
 public:
  DiskUsageCollector(const config::DiskUsageConfig& config,
                     std::shared_ptr<DirectoryLooks> looks,
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
    /// How much room its filesystem has.
    std::optional<uint64_t> available_bytes;
    /// The child that it was reached through; 0 where there is none.
    pid_t pid = 0;
  };
  using MeasuredById = std::map<FileId, Measured>;

  MeasuredById MeasureAll(std::vector<const DirectoryPlace*> places,
                          const TargetRoots& roots,
                          const CollectorContext& context, ErrorTally& errors);
  Measured MeasureOne(const DirectoryPlace& place, const TargetRoots& roots,
                      const Deadline& deadline) const;
  static Measured Measure(const WayToPlace& way, const MeasureOptions& options,
                          const Deadline& deadline);

  const std::chrono::nanoseconds min_interval_;
  const std::shared_ptr<DirectoryLooks> looks_;
  MeasureOptions options_;
  /// How many entries each directory of the last run had. For a directory that
  /// could not be measured it is the largest number there is.
  std::map<FileId, uint64_t> last_cost_;
};

}  // namespace leak_exporter
