#include "metrics/targets/found_process.h"

namespace leak_exporter {

FoundProcess FoundProcess::Of(pid_t pid, const procfs::Stat& stat) {
  return {.pid = pid,
          .parent_pid = stat.parent_pid,
          .state = stat.state,
          .kernel_thread = (stat.flags & procfs::kKernelThread) != 0,
          .ended =
              stat.state == 'X' || (stat.state == 'Z' && stat.num_threads <= 1),
          .program = {.start_time_ticks = stat.start_time_ticks,
                      .comm = std::string(stat.comm),
                      .forked_but_not_execed =
                          (stat.flags & procfs::kForkedButNotExeced) != 0,
                      .start_code = stat.start_code,
                      .start_stack = stat.start_stack}};
}

}  // namespace leak_exporter
