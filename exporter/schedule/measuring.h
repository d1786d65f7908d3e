#pragma once

#include <cstdint>

#include "exporter/schedule/snapshotter.h"
#include "metrics/procfs/proc_fs.h"

namespace leak_exporter {

/// Measures real processes with the real collectors. The targets share
/// `most_descriptors`, the process's limit, and leave some to the rest of the
/// program. `proc_fs` outlives the factory.
MeasuringFactory MakeMeasuringFactory(const procfs::ProcFs& proc_fs,
                                      uint64_t most_descriptors);

}  // namespace leak_exporter
