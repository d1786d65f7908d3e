#include "metrics/targets/main_processes.h"

#include <algorithm>

namespace leak_exporter {

std::vector<MainProcess> ListMainProcesses(const ProcessTree& tree) {
  std::vector<MainProcess> processes;
  processes.reserve(tree.main.size());
  for (const ProcessSample& sample : tree.main) {
    processes.push_back({sample.pid(), sample.start_time_unix_seconds,
                         sample.start_since_boot});
  }
  std::sort(processes.begin(), processes.end(),
            [](const MainProcess& left, const MainProcess& right) {
              return left.pid < right.pid;
            });
  return processes;
}

}  // namespace leak_exporter
