#pragma once

#include <sys/types.h>

#include <optional>

#include "metrics/base/clock.h"
#include "metrics/procfs/proc_fs.h"
#include "metrics/snapshot.h"

namespace leak_exporter {

/// The user whose process this is. Absent if the process has ended, if it has
/// the rights of several users (its real, effective, saved and filesystem uid
/// differ), or if the wall clock has been set since it was found.
std::optional<uid_t> UserOfProcess(const procfs::ProcFs& proc_fs,
                                   const Clock& clock,
                                   const MainProcess& process);

}  // namespace leak_exporter
