#pragma once

#include <cstdint>

#include "exporter/schedule/snapshotter.h"
#include "metrics/procfs/proc_fs.h"

namespace leak_exporter {

/// Makes the searches and collectors that measure real processes.
/// `most_descriptors` is this process's limit: the targets share it and leave
/// some descriptors to the rest of the program. `proc_fs` must outlive the
/// factory.
MeasuringFactory MakeMeasuringFactory(const procfs::ProcFs& proc_fs,
                                      uint64_t most_descriptors);

}  // namespace leak_exporter
