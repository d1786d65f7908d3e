#pragma once

#include <sys/types.h>

#include <optional>

#include "metrics/procfs/proc_fs.h"
#include "metrics/snapshot.h"

namespace leak_exporter {

/// The user whose process this is. Absent if the process has ended, or if it
/// has the rights of several users (its real, effective, saved and filesystem
/// uid differ).
std::optional<uid_t> UserOfProcess(const procfs::ProcFs& proc_fs,
                                   const MainProcess& process);

}  // namespace leak_exporter
