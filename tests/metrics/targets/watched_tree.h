#pragma once

#include <sys/types.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "config/config.h"
#include "metrics/base/deadline.h"
#include "metrics/targets/target_watch.h"
#include "tests/fake_clock.h"
#include "tests/fake_tree.h"

namespace leak_exporter {

using Pids = std::vector<pid_t>;

inline constexpr pid_t kMain = 100;

/// A tree watched from its main process, kMain, which is there already.
class Watched {
 public:
  explicit Watched(const WatchLimits& limits = WatchLimits())
      : limits_(limits) {
    tree[1].parent = 0;
    tree[kMain].parent = 1;
    tree[kMain].comm = "main";
  }

  /// What a discovery finds when the files are as they are now.
  const ProcessTree& Measure() {
    if (!watch_) watch_.emplace(Target(), tree.fs(), limits_);
    discovery_ = watch_->Measure(clock, Deadline::Never(clock));
    return discovery_.tree;
  }
  const ProcessTree& SyncAndMeasure() {
    tree.Sync();
    return Measure();
  }

  Pids descendants() const {
    Pids pids;
    for (const ProcessSample& sample : discovery_.tree.descendants) {
      pids.push_back(sample.pid());
    }
    std::sort(pids.begin(), pids.end());
    return pids;
  }
  const ProcessSample& sample(pid_t pid) const {
    for (const ProcessSample& sample : discovery_.tree.descendants) {
      if (sample.pid() == pid) return sample;
    }
    throw std::runtime_error("not in the tree: " + std::to_string(pid));
  }
  std::vector<std::string> causes() const {
    std::vector<std::string> causes;
    for (const CollectorError& error : discovery_.errors.errors()) {
      causes.push_back(std::string(NameOf(error.cause)) + " " +
                       std::to_string(error.count));
    }
    return causes;
  }
  const ErrorTally& errors() const { return discovery_.errors; }

  FakeTree tree;
  FakeClock clock{std::chrono::seconds(1000)};

 private:
  static config::TargetConfig Target() {
    config::TargetConfig target;
    target.match.pids = {kMain};
    return target;
  }

  WatchLimits limits_;
  std::optional<TargetWatch> watch_;
  TargetWatch::Discovery discovery_;
};

}  // namespace leak_exporter
