#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "exporter/schedule/snapshotter.h"
#include "tests/catch.h"
#include "tests/exporter/log/captured_log.h"
#include "tests/exporter/schedule/fake_measuring.h"
#include "tests/exporter/schedule/manual_clock.h"

namespace leak_exporter {

/// The search and the collectors of a SnapshotBench.
inline constexpr auto kTargets = CollectorId::kTargets;
inline constexpr auto kTree = CollectorId::kProcessTree;
inline constexpr auto kMemory = CollectorId::kMemory;
inline constexpr auto kDisk = CollectorId::kDiskUsage;

inline config::Config OneTarget(const std::string& name = "app") {
  config::Config config;
  config.targets.resize(1);
  config.targets[0].name = name;
  config.targets[0].match.comms = {name};
  return config;
}

/// How often the fake search's neighbour "disk_usage" had run when it left
/// this.
inline uint64_t DiskRun(const TargetSnapshot& target) {
  return target.disk_usage->temporary_filesystem_available_bytes.value_or(0);
}

inline const CollectorRun& RunOf(const TargetSnapshot& target,
                                 CollectorId collector) {
  for (const CollectorRun& run : target.runs) {
    if (run.collector == collector) return run;
  }
  throw std::runtime_error("no run of " + std::string(NameOf(collector)));
}

inline bool TimedOutIn(const TargetSnapshot& target, CollectorId collector) {
  const CollectorRun& run = RunOf(target, collector);
  return !run.success && run.errors.size() == 1 &&
         run.errors[0].cause == ErrorCause::kTimeout;
}

inline bool HasNoRun(const TargetSnapshot& target, CollectorId collector) {
  return std::ranges::none_of(target.runs, [&](const CollectorRun& run) {
    return run.collector == collector;
  });
}

/// A snapshotter over one fake target with the collectors process_tree and
/// memory, which run in every measurement, and disk_usage, every minute.
class SnapshotBench {
 public:
  SnapshotBench() {
    tree.id = CollectorId::kProcessTree;
    tree.collect = [](TargetSnapshot& snapshot, ErrorTally&) {
      snapshot.process_tree = std::make_shared<ProcessTreeSnapshot>();
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
      part->temporary_filesystem_available_bytes =
          static_cast<uint64_t>(disk.gate.entered());
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
    CHECK(threads.WaitUntilIdle(kTestPatience));
  }

  TargetSnapshot Take(std::chrono::seconds budget = std::chrono::seconds(10)) {
    return Take({.budget = budget});
  }
  TargetSnapshot Take(const SnapshotRequest& request) {
    Snapshot snapshot = snapshotter.Take(request);
    return std::move(snapshot.targets.at(0));
  }
  std::future<TargetSnapshot> TakeBeside(SnapshotRequest request) {
    return std::async(std::launch::async,
                      [this, request] { return Take(request); });
  }
  std::future<TargetSnapshot> TakeBeside(
      std::chrono::seconds budget = std::chrono::seconds(10)) {
    return TakeBeside({.budget = budget});
  }

  /// The runs that the listener has heard of, sorted, once there are so many.
  std::vector<CollectorId> AwaitHeard(size_t runs) {
    std::unique_lock lock(heard_mutex);
    if (!heard_changed.wait_for(lock, kTestPatience,
                                [&] { return heard.size() >= runs; })) {
      throw std::runtime_error("the listener was not told");
    }
    std::vector<CollectorId> sorted = std::exchange(heard, {});
    std::ranges::sort(sorted);
    return sorted;
  }

  ManualClock clock;
  CapturedLog log;
  procfs::ProcFs proc_fs;
  WorkerThreads threads;
  FakeTarget target;
  CollectorScript tree;
  CollectorScript memory;
  CollectorScript disk;
  std::atomic<int> searches_made = 0;
  std::vector<CollectorId> heard;
  std::mutex heard_mutex;
  std::condition_variable heard_changed;
  Snapshotter snapshotter{
      {[this](const config::TargetConfig&, size_t) {
         ++searches_made;
         return target.MakeSearch();
       },
       [this](const config::CollectorsConfig&,
              const std::shared_ptr<DirectoryLooks>&,
              const std::shared_ptr<WalkBudget>&) {
         std::vector<std::unique_ptr<Collector>> collectors;
         for (CollectorScript* script : {&tree, &memory, &disk}) {
           collectors.push_back(std::make_unique<FakeCollector>(*script));
         }
         return collectors;
       }},
      {clock, proc_fs, threads, log.logger(),
       [this](const std::string&, const FinishedRun& run) {
         const std::lock_guard lock(heard_mutex);
         heard.push_back(run.run.collector);
         heard_changed.notify_all();
       }}};
};

}  // namespace leak_exporter
