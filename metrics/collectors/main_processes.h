#pragma once

#include <vector>

#include "metrics/snapshot.h"
#include "metrics/targets/family.h"

namespace leak_exporter {

/// What the snapshot says of the main processes themselves, in order of their
/// pids.
std::vector<MainProcess> ListMainProcesses(const Family& family);

}  // namespace leak_exporter
