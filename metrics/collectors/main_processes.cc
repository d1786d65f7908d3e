#include "metrics/collectors/main_processes.h"

#include <algorithm>

namespace leak_exporter {

std::vector<MainProcess> ListMainProcesses(const Family& family) {
  std::vector<MainProcess> processes;
  processes.reserve(family.main.size());
  for (const ProcessSample& sample : family.main) {
    processes.push_back({sample.pid(), sample.start_time_unix_seconds});
  }
  std::sort(processes.begin(), processes.end(),
            [](const MainProcess& left, const MainProcess& right) {
              return left.pid < right.pid;
            });
  return processes;
}

}  // namespace leak_exporter
