#include "exporter/schedule/snapshotter.h"

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/catch.h"
#include "tests/exporter/log/captured_log.h"
#include "tests/exporter/schedule/fake_measuring.h"
#include "tests/exporter/schedule/manual_clock.h"
#include "tests/exporter/schedule/snapshot_bench.h"

namespace leak_exporter {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TEST_CASE("snapshotter: only the collectors and targets asked for are run") {
  SnapshotBench bench;
  const TargetSnapshot target =
      bench.Take({.collectors = {{kMemory, CollectorId::kMappings}},
                  .budget = seconds(10)});
  CHECK(target.runs.size() == 2);
  CHECK(target.memory);
  CHECK_FALSE(target.process_tree);
  CHECK(bench.tree.gate.entered() == 0);
  CHECK(bench.disk.gate.entered() == 0);
  CHECK(bench.snapshotter.Take({.targets = {{"other"}}, .budget = seconds(10)})
            .targets.empty());
  CHECK(bench.snapshotter.HasTarget("app"));
  CHECK_FALSE(bench.snapshotter.HasTarget("other"));
  CHECK(bench.snapshotter.HasCollector(kDisk));
  CHECK_FALSE(bench.snapshotter.HasCollector(kTargets));
}

TEST_CASE("snapshotter: a target that hangs does not hold up another") {
  ManualClock clock;
  CapturedLog log;
  const procfs::ProcFs proc_fs;
  WorkerThreads threads;
  FakeTarget good;
  FakeTarget bad;
  CollectorScript memory;
  memory.id = kMemory;
  Snapshotter snapshotter(
      {[&](const config::TargetConfig& target, size_t) {
         return target.name == "bad" ? bad.MakeSearch() : good.MakeSearch();
       },
       [&](const config::CollectorsConfig&,
           const std::shared_ptr<DirectoryLooks>&,
           const std::shared_ptr<WalkBudget>&) {
         std::vector<std::unique_ptr<Collector>> collectors;
         collectors.push_back(std::make_unique<FakeCollector>(memory));
         return collectors;
       }},
      {clock, proc_fs, threads, log.logger()});
  config::Config config = OneTarget("bad");
  config.targets.push_back(OneTarget("good").targets[0]);
  snapshotter.Configure(config);
  bad.gate.Close();
  auto taken = std::async(std::launch::async, [&] {
    return snapshotter.Take({.budget = seconds(10)});
  });
  memory.gate.AwaitEntered(1);
  clock.AwaitWaiting(1);
  clock.Advance(seconds(10));
  const Snapshot snapshot = taken.get();
  CHECK(TimedOutIn(snapshot.targets.at(0), kTargets));
  CHECK(RunOf(snapshot.targets.at(1), kMemory).success);
  bad.gate.Open();
  snapshotter.Stop();
  CHECK(threads.WaitUntilIdle(seconds(10)));
}

TEST_CASE("snapshotter: another configuration keeps what has not changed") {
  SnapshotBench bench;
  bench.Take();
  config::Config config = OneTarget();
  config.targets.push_back(OneTarget("other").targets[0]);
  bench.snapshotter.Configure(config);
  CHECK(bench.searches_made == 2);
  CHECK(DiskRun(bench.Take()) == 1);
  CHECK(bench.snapshotter.HasTarget("other"));

  config.collectors.process_tree.top = 7;
  bench.snapshotter.Configure(config);
  CHECK(bench.searches_made == 4);
  bench.snapshotter.Configure(OneTarget("third"));
  CHECK_FALSE(bench.snapshotter.HasTarget("app"));
  CHECK(bench.Take().target == "third");
}

TEST_CASE("snapshotter: many targets share a few threads") {
  SnapshotBench bench;
  config::Config config;
  for (int i = 0; i < 200; ++i) {
    config.targets.push_back(OneTarget("app" + std::to_string(i)).targets[0]);
  }
  bench.snapshotter.Configure(config);
  const Snapshot snapshot = bench.snapshotter.Take({.budget = seconds(60)});
  REQUIRE(snapshot.targets.size() == 200);
  for (const TargetSnapshot& target : snapshot.targets) {
    CHECK(RunOf(target, kMemory).success);
    CHECK(RunOf(target, kDisk).success);
  }
  CHECK(bench.threads.running() <= 12);
}

TEST_CASE("snapshotter: targets that hang do not hold up one that does not") {
  ManualClock clock;
  CapturedLog log;
  const procfs::ProcFs proc_fs;
  WorkerThreads threads;
  FakeTarget good;
  FakeTarget bad;
  CollectorScript memory;
  Snapshotter snapshotter(
      {[&](const config::TargetConfig& target, size_t) {
         return target.name == "good" ? good.MakeSearch() : bad.MakeSearch();
       },
       [&](const config::CollectorsConfig&,
           const std::shared_ptr<DirectoryLooks>&,
           const std::shared_ptr<WalkBudget>&) {
         std::vector<std::unique_ptr<Collector>> collectors;
         collectors.push_back(std::make_unique<FakeCollector>(memory));
         return collectors;
       }},
      {clock,
       proc_fs,
       threads,
       log.logger(),
       {},
       {.at_once = 2, .most_threads = 32, .patience = milliseconds(250)}});
  // More than work at once, and the good one last.
  config::Config config;
  for (int i = 0; i < 4; ++i) {
    config.targets.push_back(OneTarget("bad" + std::to_string(i)).targets[0]);
  }
  config.targets.push_back(OneTarget("good").targets[0]);
  snapshotter.Configure(config);
  bad.gate.Close();
  auto taken = std::async(std::launch::async, [&] {
    return snapshotter.Take({.budget = seconds(10)});
  });
  // Whoever waits notices that threads hang, and has others started.
  for (const int hung : {2, 4}) {
    bad.gate.AwaitEntered(hung);
    clock.AwaitWaiting(1);
    clock.Advance(milliseconds(250));
  }
  memory.gate.AwaitEntered(1);
  clock.Advance(seconds(10));
  const Snapshot snapshot = taken.get();
  CHECK(TimedOutIn(snapshot.targets.at(0), kTargets));
  CHECK(RunOf(snapshot.targets.at(4), kMemory).success);
  bad.gate.Open();
  snapshotter.Stop();
  CHECK(threads.WaitUntilIdle(kTestPatience));
}

TEST_CASE("snapshotter: what hangs is outstanding once, not once a reload") {
  SnapshotBench bench;
  bench.disk.gate.Close();
  bench.tree.gate.Close();
  auto hung = bench.TakeBeside();
  bench.disk.gate.AwaitEntered(1);
  bench.tree.gate.AwaitEntered(1);
  bench.clock.AwaitWaiting(1);
  bench.clock.Advance(seconds(10));
  CHECK(TimedOutIn(hung.get(), kDisk));
  config::Config config = OneTarget();
  for (size_t i = 0; i < 20; ++i) {
    config.collectors.process_tree.top = i + 1;
    bench.snapshotter.Configure(config);
    const TargetSnapshot later = bench.Take();
    CHECK(TimedOutIn(later, kTree));
    CHECK(TimedOutIn(later, kDisk));
    CHECK(RunOf(later, kMemory).success);
  }
  CHECK(bench.searches_made == 21);
  CHECK(bench.disk.gate.entered() == 1);
  CHECK(bench.tree.gate.entered() == 1);
  // Handed over to the new configuration as soon as it comes back.
  bench.tree.gate.Open();
  bench.disk.gate.Open();
  bench.disk.gate.AwaitPassed(1);
  bench.tree.gate.AwaitPassed(1);
  bool handed_over = false;
  for (int i = 0; i < 10'000 && !handed_over; ++i) {
    const TargetSnapshot target = bench.Take();
    handed_over = RunOf(target, kTree).success && RunOf(target, kDisk).success;
  }
  CHECK(handed_over);
}

/// Looks at two directories, of which one hangs.
class LookingCollector final : public Collector {
 public:
  LookingCollector(std::shared_ptr<DirectoryLooks> looks, Gate& gate)
      : looks_(std::move(looks)), gate_(gate) {}

  CollectorId id() const override { return kDisk; }
  std::optional<std::chrono::nanoseconds> BackgroundInterval() const override {
    return milliseconds(1);
  }
  bool Collect(const CollectorContext& context, TargetSnapshot& snapshot,
               ErrorTally& errors) override {
    auto disk = std::make_shared<DiskUsageSnapshot>();
    for (const std::string path : {"/hung", "/good"}) {
      const auto looked = AwaitLook<int>(
          *looks_, {.path = path}, path, "",
          [gate = path == "/hung" ? &gate_ : nullptr](const Deadline&) {
            if (gate != nullptr) gate->Pass();
            return 1;
          },
          context.deadline);
      if (!looked) errors.Add(looked.error());
      if (looked) disk->repository_caches.emplace_back().path = path;
    }
    snapshot.disk_usage = std::move(disk);
    return true;
  }

 private:
  const std::shared_ptr<DirectoryLooks> looks_;
  Gate& gate_;
};

TEST_CASE("snapshotter: a directory that hangs keeps one thread") {
  ManualClock clock;
  CapturedLog log;
  const procfs::ProcFs proc_fs;
  WorkerThreads threads;
  FakeTarget processes;
  Gate gate;
  Snapshotter snapshotter(
      {[&](const config::TargetConfig&, size_t) {
         return processes.MakeSearch();
       },
       [&](const config::CollectorsConfig&,
           const std::shared_ptr<DirectoryLooks>& looks,
           const std::shared_ptr<WalkBudget>&) {
         std::vector<std::unique_ptr<Collector>> collectors;
         collectors.push_back(std::make_unique<LookingCollector>(looks, gate));
         return collectors;
       }},
      {clock,
       proc_fs,
       threads,
       log.logger(),
       {},
       {.at_once = 1, .most_threads = 32, .patience = seconds(1)},
       {.at_once = 1, .most_threads = 32, .patience = seconds(1)},
       {.patience = seconds(10)}});
  gate.Close();
  const auto measured = [&](const std::string& name) {
    const Snapshot snapshot = snapshotter.Take({.targets = {{name}},
                                                .budget = seconds(2),
                                                .background_wait = seconds(0)});
    const auto& disk = snapshot.targets.at(0).disk_usage;
    return disk && disk->repository_caches.size() == 1 &&
           disk->repository_caches[0].path == "/good";
  };
  // Two targets, one of which is renamed by each reload.
  for (int i = 0; i < 20; ++i) {
    config::Config config = OneTarget("app" + std::to_string(i));
    config.targets.push_back(OneTarget("other").targets[0]);
    config.collectors.process_tree.top = static_cast<size_t>(i) + 1;
    snapshotter.Configure(config);
    for (const std::string& name :
         {config.targets[0].name, config.targets[1].name}) {
      bool done = measured(name);
      if (i == 0 && name == "app0") {
        gate.AwaitEntered(1);
        clock.AwaitWaiting(1);
        clock.Advance(seconds(10));
      }
      for (int n = 0; n < 10'000 && !done; ++n) done = measured(name);
      CHECK(done);
    }
  }
  CHECK(gate.entered() == 1);
  // The hung one, and what each of the three pools keeps.
  CHECK(threads.running() <= 4);
  gate.Open();
  snapshotter.Stop();
  CHECK(threads.WaitUntilIdle(kTestPatience));
}

TEST_CASE("snapshotter: a scrape after a reload waits for the run before it") {
  SnapshotBench bench;
  bench.memory.gate.Close();
  auto before = bench.TakeBeside();
  bench.memory.gate.AwaitEntered(1);
  config::Config config = OneTarget();
  config.collectors.process_tree.top = 7;
  bench.snapshotter.Configure(config);
  auto after = bench.TakeBeside();
  bench.clock.AwaitWaiting(2);
  bench.memory.gate.Open();
  const TargetSnapshot first = before.get();
  const TargetSnapshot second = after.get();
  CHECK(RunOf(first, kMemory).success);
  CHECK(RunOf(second, kMemory).success);
  CHECK(second.memory != first.memory);
  CHECK(bench.memory.gate.entered() == 2);
}

TEST_CASE("snapshotter: a search that hangs under other rules is begun anew") {
  SnapshotBench bench;
  bench.target.gate.Close();
  auto hung = bench.TakeBeside();
  bench.target.gate.AwaitEntered(1);
  bench.clock.AwaitWaiting(1);
  bench.clock.Advance(seconds(10));
  CHECK(TimedOutIn(hung.get(), kTargets));
  config::Config config = OneTarget();
  config.targets[0].match.pids = {7};
  bench.snapshotter.Configure(config);
  auto other = bench.TakeBeside();
  bench.target.gate.AwaitEntered(2);
  bench.target.gate.Open();
  CHECK(RunOf(other.get(), kTargets).success);
}

TEST_CASE("snapshotter: Stop ends all waiting") {
  SnapshotBench bench;
  bench.memory.gate.Close();
  auto waiting = bench.TakeBeside();
  bench.memory.gate.AwaitEntered(1);
  bench.clock.AwaitWaiting(1);
  bench.snapshotter.Stop();
  CHECK(TimedOutIn(waiting.get(), kMemory));
  bench.Take();
}

}  // namespace
}  // namespace leak_exporter
