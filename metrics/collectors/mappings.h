#pragma once

#include <cstdint>

#include "config/config.h"
#include "metrics/collectors/collector.h"
#include "metrics/collectors/support/kept_results.h"

namespace leak_exporter {

/// Measures memory mappings, from /proc/PID/maps. Those of the main processes
/// over the threshold are listed one by one and summed by name. Those of any
/// size are counted, to be compared with vm.max_map_count. The count is the
/// number of lines in maps; where these include [vsyscall], the kernel compares
/// its limit with one less. A process in state D is not read, because a write
/// lock on its mappings may be held until that state ends. Where a target has
/// too many, or too long names, the largest are listed.
class MappingsCollector final : public Collector {
 public:
  explicit MappingsCollector(const config::MappingsConfig& config)
      : threshold_bytes_(config.threshold_bytes) {}

  CollectorId id() const override { return CollectorId::kMappings; }
  bool Collect(const CollectorContext& context, TargetSnapshot& snapshot,
               ErrorTally& errors) override;

 private:
  /// This and the next return whether there was a process that could not be
  /// read.
  bool AddMainProcesses(const CollectorContext& context,
                        MappingsSnapshot& mappings, ErrorTally& errors);
  bool AddChildren(const CollectorContext& context, MappingsSnapshot& mappings,
                   ErrorTally& errors);
  /// Counts the mappings of a child again only if it may have run since they
  /// were counted.
  Result<uint64_t> CountOfChild(const CollectorContext& context,
                                const ProcessSample& child);

  const uint64_t threshold_bytes_;
  /// The counts of the descendants.
  KeptResults<uint64_t> kept_;
};

}  // namespace leak_exporter
