#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "exporter/schedule/collector_run.h"
#include "metrics/collectors/collector.h"
#include "tests/exporter/schedule/gate.h"
#include "tests/fake_proc.h"

namespace leak_exporter {

/// A target whose processes a test names. Thread-safe.
class FakeTarget {
 public:
  FakeTarget() { SetMain({100}); }

  void SetMain(const std::vector<pid_t>& pids) {
    ProcessTree tree;
    for (const pid_t pid : pids) {
      proc_.Write(pid, "comm", "fake");
      ProcessSample sample;
      sample.handle =
          std::make_shared<const procfs::ProcessHandle>(proc_.Open(pid));
      sample.start_time_unix_seconds = pid;
      sample.main_pid = pid;
      tree.main.push_back(std::move(sample));
    }
    const std::lock_guard lock(mutex_);
    tree_ = std::move(tree);
  }

  /// The search for its processes. The target outlives it.
  SearchProcesses MakeSearch() {
    return [this](const SearchRequest& request) {
      gate.Pass();
      TargetWatch::Discovery discovery;
      complain(discovery.errors);
      if (request.deadline.Expired()) {
        discovery.incomplete = true;
        discovery.errors.Add(ErrorCause::kTimeout, "took too long");
        return discovery;
      }
      const std::lock_guard lock(mutex_);
      discovery.tree = tree_;
      return discovery;
    };
  }

  Gate gate;
  /// What the next searches complain of.
  std::function<void(ErrorTally&)> complain = [](ErrorTally&) {};

 private:
  FakeProc proc_;
  std::mutex mutex_;
  ProcessTree tree_;
};

/// What a fake collector does; outlives it, because it belongs to the test.
struct CollectorScript {
  CollectorId id = CollectorId::kMemory;
  std::optional<std::chrono::nanoseconds> interval;
  Gate gate;
  /// That of its latest run. To be read while none is under way.
  std::chrono::steady_clock::time_point deadline;
  /// Called after the gate.
  std::function<bool(TargetSnapshot&, ErrorTally&)> collect =
      [](TargetSnapshot&, ErrorTally&) { return true; };
};

class FakeCollector final : public Collector {
 public:
  explicit FakeCollector(CollectorScript& script) : script_(script) {}

  CollectorId id() const override { return script_.id; }
  std::optional<std::chrono::nanoseconds> BackgroundInterval() const override {
    return script_.interval;
  }
  bool Collect(const CollectorContext& context, TargetSnapshot& snapshot,
               ErrorTally& errors) override {
    script_.deadline = context.deadline.at();
    script_.gate.Pass();
    return script_.collect(snapshot, errors);
  }

 private:
  CollectorScript& script_;
};

}  // namespace leak_exporter
