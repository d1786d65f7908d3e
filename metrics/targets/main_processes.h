#pragma once

#include <vector>

#include "metrics/snapshot.h"
#include "metrics/targets/process_tree.h"

namespace leak_exporter {

/// What the snapshot says of the main processes themselves, in order of their
/// pids.
std::vector<MainProcess> ListMainProcesses(const ProcessTree& tree);

}  // namespace leak_exporter
