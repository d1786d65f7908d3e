#pragma once

#include <cstdint>

#include "exporter/schedule/snapshotter.h"
#include "metrics/procfs/proc_fs.h"
#include "metrics/targets/user_lookup.h"

namespace leak_exporter {

/// Makes the searches and collectors that measure real processes.
/// `most_descriptors` is this process's limit: the targets share it and leave
/// some descriptors to the rest of the program. `look_up_user` finds the users
/// of rules. `proc_fs` must outlive the factory.
MeasuringFactory MakeMeasuringFactory(const procfs::ProcFs& proc_fs,
                                      uint64_t most_descriptors,
                                      UserLookup look_up_user);

}  // namespace leak_exporter
