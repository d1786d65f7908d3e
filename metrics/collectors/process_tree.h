#pragma once

#include <vector>

#include "metrics/collectors/collector.h"

namespace leak_exporter {

/// Lists the descendants with their states and ages, all of which are in the
/// tree, and finds the containers of the main processes by their cgroups.
class ProcessTreeCollector final : public Collector {
 public:
  CollectorId id() const override { return CollectorId::kProcessTree; }
  bool Collect(const CollectorContext& context, TargetSnapshot& snapshot,
               ErrorTally& errors) override;

 private:
  static std::vector<Container> FindContainers(const CollectorContext& context,
                                               ErrorTally& errors);
};

}  // namespace leak_exporter
