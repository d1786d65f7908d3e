#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "config/config.h"
#include "metrics/collectors/collector.h"

namespace leak_exporter {

/// The descendants with their states and ages, all of which are in the tree;
/// and the containers of the main processes, from their cgroups.
class ProcessTreeCollector final : public Collector {
 public:
  explicit ProcessTreeCollector(const config::ProcessTreeConfig& config)
      : top_(config.top) {}

  CollectorId id() const override { return CollectorId::kProcessTree; }
  bool Collect(const CollectorContext& context, TargetSnapshot& snapshot,
               ErrorTally& errors) override;

 private:
  std::vector<Container> FindContainers(const ProcessTree& tree,
                                        ErrorTally& errors);

  size_t top_;
  std::string buffer_;
};

}  // namespace leak_exporter
