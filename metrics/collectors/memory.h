#pragma once

#include <cstdint>
#include <optional>

#include "metrics/collectors/collector.h"

namespace leak_exporter {

/// Sums up RSS with its parts, swap, peak and threads, all of which are in the
/// tree, and reads the limits of the main processes' cgroups and how near to
/// them they are.
class MemoryCollector final : public Collector {
 public:
  /// The machine's memory counts as a limit too, unless it is absent.
  explicit MemoryCollector(
      std::optional<uint64_t> physical_memory_bytes = std::nullopt)
      : physical_memory_bytes_(physical_memory_bytes) {}

  CollectorId id() const override { return CollectorId::kMemory; }
  bool Collect(const CollectorContext& context, TargetSnapshot& snapshot,
               ErrorTally& errors) override;

 private:
  const std::optional<uint64_t> physical_memory_bytes_;
};

}  // namespace leak_exporter
