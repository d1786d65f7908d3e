#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <vector>

#include "config/config.h"
#include "metrics/base/deadline.h"
#include "metrics/targets/target_watch.h"
#include "tests/fake_clock.h"
#include "tests/fake_tree.h"

namespace leak_exporter {

using Pids = std::vector<pid_t>;

/// A target watched on a made-up system that has an init.
class WatchedTarget {
 public:
  explicit WatchedTarget(const config::MatchConfig& rules,
                         const WatchLimits& limits = {}) {
    config::TargetConfig target;
    target.match = rules;
    tree[1].parent = 0;
    tree[1].comm = "init";
    watch_.emplace(target, tree.fs(), limits);
  }

  void SyncAndMeasure() {
    tree.Sync();
    discovery_ = watch_->Measure(clock, Deadline::Never(clock));
  }
  void MeasureTooLate() {
    discovery_ = watch_->Measure(clock, Deadline(clock, clock.Now()));
  }
  void MeasureWithoutDescriptors() {
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
    discovery_ = watch_->Measure(clock, Deadline::Never(clock));
    ::setrlimit(RLIMIT_NOFILE, &before);
  }

  bool incomplete() const { return discovery_.incomplete; }

  Pids mains() const { return PidsOf(discovery_.tree.main); }
  Pids descendants() const { return PidsOf(discovery_.tree.descendants); }
  pid_t main_of(pid_t pid) const {
    for (const ProcessSample& sample : discovery_.tree.descendants) {
      if (sample.pid() == pid) return sample.main_pid;
    }
    return 0;
  }
  std::optional<std::chrono::nanoseconds> zombie_since(pid_t pid) const {
    for (const ProcessSample& sample : discovery_.tree.descendants) {
      if (sample.pid() == pid) return sample.zombie_since_boot;
    }
    return std::nullopt;
  }
  const std::vector<CollectorError>& errors() const {
    return discovery_.errors.errors();
  }

  FakeTree tree;
  FakeClock clock{std::chrono::seconds(1000)};

 private:
  static Pids PidsOf(const std::vector<ProcessSample>& samples) {
    Pids pids;
    for (const ProcessSample& sample : samples) pids.push_back(sample.pid());
    std::sort(pids.begin(), pids.end());
    return pids;
  }

  std::optional<TargetWatch> watch_;
  TargetWatch::Discovery discovery_;
};

}  // namespace leak_exporter
