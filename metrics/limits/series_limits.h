#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "config/config.h"
#include "metrics/limits/hysteretic_top_n.h"
#include "metrics/snapshot.h"

namespace leak_exporter {

/// Which rows of a target's lists have series of their own: their indices,
/// ascending. A list that the snapshot does not have has none.
struct RowChoice {
  /// How many children have series, by their age and by their unreaped time.
  size_t children = 0;
  std::vector<size_t> mappings;
  /// Only directories that were measured.
  std::vector<size_t> temporary_directories;
  ByScope<std::vector<size_t>> python_types;
  std::vector<size_t> python_processes;
};

/// How many series a target may have of each family whose labels come from the
/// outside world. Remembers the last choice for each target and family, so that
/// series do not come and go with every scrape. A scrape of some targets or
/// collectors changes nothing for the others. Not thread-safe.
class SeriesLimits {
 public:
  /// Puts a configuration into force. May be called again. Forgets the targets
  /// that the configuration does not have.
  void Configure(const config::Config& config);

  /// Chooses for each target of `snapshot`. The choices are in its order.
  std::vector<RowChoice> Choose(const Snapshot& snapshot);

 private:
  struct TargetMemory {
    HystereticTopN mappings;
    HystereticTopN temporary_directories;
    ByScope<HystereticTopN> python_types;
    HystereticTopN python_processes;
  };

  RowChoice ChooseFor(const TargetSnapshot& target, TargetMemory& memory) const;

  config::CollectorsConfig config_;
  std::map<std::string, TargetMemory> targets_;
};

}  // namespace leak_exporter
