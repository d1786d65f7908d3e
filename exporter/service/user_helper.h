#pragma once

#include <memory>

#include "exporter/system/helper_process.h"
#include "metrics/base/result.h"
#include "metrics/targets/user_lookup.h"

namespace leak_exporter {

/// Starts a process that looks up users, because the modules of the user
/// database may need system calls that the program itself gives up, and may
/// hang. Returns a lookup that asks it, and waits at most a second. The process
/// ends with the last copy of the lookup. Call it before this process starts a
/// thread.
Result<UserLookup> StartUserHelper();

}  // namespace leak_exporter
