#pragma once

#include <cstddef>
#include <string_view>

#include "config/config.h"
#include "metrics/collectors/collector.h"

namespace leak_exporter {

/// The descendants with their states and ages. Reads nothing itself: all of it
/// is in the family.
class ProcessTreeCollector final : public Collector {
 public:
  explicit ProcessTreeCollector(const config::ProcessTreeConfig& config)
      : top_(config.top) {}

  std::string_view name() const override { return "process_tree"; }
  bool Collect(const CollectorContext& context, TargetSnapshot& snapshot,
               ErrorTally& errors) override;

 private:
  size_t top_;
};

}  // namespace leak_exporter
