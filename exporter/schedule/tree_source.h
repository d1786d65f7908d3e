#pragma once

#include "metrics/base/clock.h"
#include "metrics/targets/target_watch.h"

namespace leak_exporter {

/// Finds a target's processes, once a round. What carries over between rounds
/// is its own. Called from one thread at a time, not always the same.
class TreeSource {
 public:
  virtual ~TreeSource() = default;

  virtual TargetWatch::Discovery Measure(const Clock& clock) = 0;
};

}  // namespace leak_exporter
