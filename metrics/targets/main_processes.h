#pragma once

#include <vector>

#include "metrics/snapshot.h"
#include "metrics/targets/process_tree.h"

namespace leak_exporter {

/// The main processes of a tree as the snapshot lists them, in order of their
/// pids.
std::vector<MainProcess> ListMainProcesses(const ProcessTree& tree);

}  // namespace leak_exporter
