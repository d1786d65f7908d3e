#pragma once

#include "metrics/base/deadline.h"
#include "metrics/collectors/collector.h"
#include "metrics/targets/family.h"

namespace leak_exporter {

/// Finds a target's processes, once a round. What carries over between rounds
/// is its own. Called from one thread at a time, not always the same.
class FamilySource {
 public:
  virtual ~FamilySource() = default;

  /// Reads that failed go to `errors`; what a failed rule would have matched is
  /// not in the family.
  virtual Family Walk(const Deadline& deadline, ErrorTally& errors) = 0;
};

}  // namespace leak_exporter
