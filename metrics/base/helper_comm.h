#pragma once

#include <string_view>

namespace leak_exporter {

/// The comm of the processes that the exporter starts for itself. They are
/// never part of a target. A comm has at most 15 bytes (TASK_COMM_LEN in
/// include/linux/sched.h).
inline constexpr std::string_view kHelperComm = "leak_exp_helper";

}  // namespace leak_exporter
