#pragma once

#include <string_view>

#include "metrics/collectors/collector.h"

namespace leak_exporter {

/// RSS, its parts, swap, peak and threads. Reads nothing itself: all of it is
/// in the family.
class MemoryCollector final : public Collector {
 public:
  std::string_view name() const override { return "memory"; }
  bool Collect(const CollectorContext& context, TargetSnapshot& snapshot,
               ErrorTally& errors) override;
};

}  // namespace leak_exporter
