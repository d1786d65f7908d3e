#pragma once

#include <cstdint>
#include <string>

#include "config/config.h"
#include "metrics/collectors/collector.h"
#include "metrics/collectors/support/kept_results.h"

namespace leak_exporter {

/// Memory mappings, from /proc/PID/maps: those of the main processes over the
/// threshold, one by one and summed by name, and how many there are of any size
/// against vm.max_map_count. The count is that of the lines of maps; the kernel
/// compares its limit with one less where it shows [vsyscall]. A process in
/// state D is not read: a write lock on its mappings may be held for as long as
/// that lasts.
class MappingsCollector final : public Collector {
 public:
  explicit MappingsCollector(const config::MappingsConfig& config)
      : threshold_bytes_(config.threshold_bytes) {}

  CollectorId id() const override { return CollectorId::kMappings; }
  bool Collect(const CollectorContext& context, TargetSnapshot& snapshot,
               ErrorTally& errors) override;

 private:
  /// Both return whether a process could not be read.
  bool AddMainProcesses(const CollectorContext& context,
                        MappingsSnapshot& mappings, ErrorTally& errors);
  bool AddChildren(const CollectorContext& context, MappingsSnapshot& mappings,
                   ErrorTally& errors);
  /// Counted again only where the child may have run since it was counted.
  Result<uint64_t> CountOfChild(const CollectorContext& context,
                                const ProcessSample& child);

  const uint64_t threshold_bytes_;
  /// Of the descendants.
  KeptResults<uint64_t> kept_;
  std::string buffer_;
};

}  // namespace leak_exporter
