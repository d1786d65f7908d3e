#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "metrics/base/clock.h"
#include "metrics/base/deadline.h"
#include "metrics/collectors/disk_usage.h"
#include "tests/catch.h"
#include "tests/collect.h"
#include "tests/looks_at_once.h"
#include "tests/waiting_process.h"

/// What the tests of DiskUsageCollector share.
namespace leak_exporter {

inline void WriteFile(const std::string& path, size_t bytes) {
  std::ofstream(path, std::ios::binary) << std::string(bytes, 'x');
}

/// A process that works in a directory.
inline std::unique_ptr<WaitingProcess> WorkIn(const std::string& path) {
  return std::make_unique<WaitingProcess>([&path] {
    if (::chdir(path.c_str()) != 0) std::_Exit(1);
  });
}

/// Main processes and their descendants, the first the oldest.
class Processes {
 public:
  void AddMain(pid_t pid) {
    tree_.main.push_back(SampleOf(fs_, pid));
    tree_.main.back().main_pid = pid;
  }
  void AddChild(pid_t pid, char state = 'S') {
    ProcessSample& sample =
        tree_.descendants.emplace_back(SampleOf(fs_, pid, state));
    sample.main_pid = tree_.main.back().pid();
    sample.start_since_boot = std::chrono::seconds(tree_.descendants.size());
  }
  const ProcessTree& tree() const { return tree_; }
  const procfs::ProcFs& fs() const { return fs_; }

 private:
  procfs::ProcFs fs_;
  ProcessTree tree_;
};

/// What a run of the collector found.
struct Run {
  std::shared_ptr<const DiskUsageSnapshot> disk;
  std::vector<CollectorError> errors;
};

inline Run Measure(DiskUsageCollector& collector, const Processes& processes,
                   const config::TargetConfig& target, const Clock& clock,
                   const Deadline& deadline) {
  TargetSnapshot snapshot;
  ErrorTally errors;
  std::string buffer;
  CHECK(collector.Collect(
      {target, processes.tree(), processes.fs(), clock, deadline, buffer},
      snapshot, errors));
  REQUIRE(snapshot.disk_usage);
  return {snapshot.disk_usage, errors.errors()};
}

inline Run Measure(const Processes& processes,
                   const config::TargetConfig& target,
                   const config::DiskUsageConfig& config = {}) {
  DiskUsageCollector collector(config, std::make_shared<LooksAtOnce>());
  const SystemClock clock;
  return Measure(collector, processes, target, clock, Deadline::Never(clock));
}

/// A main process that works in "/" and so leaves out nothing else.
struct Main {
  std::unique_ptr<WaitingProcess> process = WorkIn("/");
  pid_t pid() const { return process->pid(); }
};

}  // namespace leak_exporter
