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

/// Raises the soft limit of open descriptors to the hard one, since one is kept
/// for each process of a target, and returns what it is then.
uint64_t RaiseDescriptorLimit();

}  // namespace leak_exporter
