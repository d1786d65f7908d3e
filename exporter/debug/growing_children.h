#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "metrics/base/process_id.h"
#include "metrics/render/debug/debug_text.h"
#include "metrics/snapshot.h"

namespace leak_exporter {

/// Finds the child of each target whose Python heap has grown most since the
/// snapshot before. Not thread-safe.
class GrowingChildren {
 public:
  /// Of the first snapshot, and of a child that is new in this one, nothing is
  /// known to have grown.
  render::ShownChildren Update(const Snapshot& snapshot);

 private:
  using Objects = std::map<ProcessId, uint64_t>;

  /// By target, as the snapshot before had them.
  std::map<std::string, Objects> before_;
};

}  // namespace leak_exporter
