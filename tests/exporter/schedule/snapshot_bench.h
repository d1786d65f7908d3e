#pragma once

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "exporter/schedule/snapshotter.h"
#include "tests/catch.h"
#include "tests/exporter/log/captured_log.h"
#include "tests/exporter/schedule/fake_measuring.h"
#include "tests/exporter/schedule/manual_clock.h"

namespace leak_exporter {

inline config::Config OneTarget(const std::string& name = "app") {
  config::Config config;
  config.targets.resize(1);
  config.targets[0].name = name;
  return config;
}

/// A snapshotter over one fake target with the collectors "process_tree" and
/// "memory", run in the lane, and "disk_usage", every minute. How often a
/// collector has run is the length of its list.
class SnapshotBench {
 public:
  SnapshotBench() {
    tree.id = CollectorId::kProcessTree;
    tree.collect = [this](TargetSnapshot& snapshot, ErrorTally&) {
      auto part = std::make_shared<ProcessTreeSnapshot>();
      part->children.resize(static_cast<size_t>(tree.gate.entered()));
      snapshot.process_tree = std::move(part);
      return true;
    };
    memory.id = CollectorId::kMemory;
    memory.collect = [](TargetSnapshot& snapshot, ErrorTally&) {
      snapshot.memory = std::make_shared<MemorySnapshot>();
      return true;
    };
    disk.id = CollectorId::kDiskUsage;
    disk.interval = std::chrono::minutes(1);
    disk.collect = [this](TargetSnapshot& snapshot, ErrorTally&) {
      auto part = std::make_shared<DiskUsageSnapshot>();
      part->temporary_directories.resize(
          static_cast<size_t>(disk.gate.entered()));
      snapshot.disk_usage = std::move(part);
      return true;
    };
    snapshotter.Configure(OneTarget());
  }
  ~SnapshotBench() {
    for (Gate* gate : {&target.gate, &tree.gate, &memory.gate, &disk.gate}) {
      gate->Open();
    }
    snapshotter.Stop();
    snapshotter.Configure({});
    CHECK(workers.WaitUntilIdle(std::chrono::seconds(10)));
  }

  TargetSnapshot Take(std::chrono::seconds budget = std::chrono::seconds(10)) {
    return Take({std::nullopt, std::nullopt, budget});
  }
  TargetSnapshot Take(const SnapshotRequest& request) {
    Snapshot snapshot = snapshotter.Take(request);
    return std::move(snapshot.targets.at(0));
  }
  std::future<TargetSnapshot> TakeBeside(
      std::chrono::seconds budget = std::chrono::seconds(10)) {
    return std::async(std::launch::async,
                      [this, budget] { return Take(budget); });
  }

  /// Whether no more than so many threads are left, at the latest soon.
  bool SettlesAt(size_t threads) const {
    for (int i = 0; i < 10'000 && workers.running() > threads; ++i) {
      workers.WaitUntilIdle(std::chrono::milliseconds(1));
    }
    return workers.running() <= threads;
  }

  ManualClock clock;
  CapturedLog log;
  procfs::ProcFs proc_fs;
  WorkerThreads workers;
  FakeTarget target;
  CollectorScript tree;
  CollectorScript memory;
  CollectorScript disk;
  std::atomic<int> sources_made = 0;
  Snapshotter snapshotter{
      {[this](const config::TargetConfig&, size_t) {
         ++sources_made;
         return target.MakeSource();
       },
       [this](const config::CollectorsConfig&) {
         std::vector<std::unique_ptr<Collector>> collectors;
         for (CollectorScript* script : {&tree, &memory, &disk}) {
           collectors.push_back(std::make_unique<FakeCollector>(*script));
         }
         return collectors;
       }},
      {clock, proc_fs, workers, log.logger()}};
};

}  // namespace leak_exporter
