#include "exporter/schedule/snapshotter.h"

#include <atomic>
#include <chrono>
#include <future>
#include <stdexcept>
#include <string>
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

const CollectorRun& RunOf(const TargetSnapshot& target, CollectorId collector) {
  for (const CollectorRun& run : target.runs) {
    if (run.collector == collector) return run;
  }
  throw std::runtime_error("no run of " + std::string(NameOf(collector)));
}

bool TimedOutIn(const TargetSnapshot& target, CollectorId collector) {
  const CollectorRun& run = RunOf(target, collector);
  return !run.success && run.errors.size() == 1 &&
         run.errors[0].cause == ErrorCause::kTimeout;
}

TEST_CASE("snapshotter: a round finds processes and runs every collector") {
  SnapshotBench bench;
  const Snapshot snapshot =
      bench.snapshotter.Take({std::nullopt, std::nullopt, seconds(10)});
  CHECK(snapshot.timestamp_unix_seconds == 1'700'000'000);
  REQUIRE(snapshot.targets.size() == 1);
  const TargetSnapshot& target = snapshot.targets[0];
  CHECK(target.target == "app");
  REQUIRE(target.main_processes.size() == 1);
  CHECK(target.main_processes[0].pid == 100);
  CHECK(target.main_processes[0].start_time_unix_seconds == 100);
  CHECK(target.process_tree);
  CHECK(target.memory);
  CHECK(target.disk_usage);
  CHECK_FALSE(target.python_heap);
  REQUIRE(target.runs.size() == 4);
  for (const CollectorRun& run : target.runs) {
    CAPTURE(NameOf(run.collector));
    CHECK(run.success);
    CHECK(run.errors.empty());
    CHECK(run.timestamp_unix_seconds == 1'700'000'000);
  }
  CHECK(target.runs[0].collector == CollectorId::kTargets);
  CHECK(target.runs[3].collector == CollectorId::kDiskUsage);
}

TEST_CASE("snapshotter: only the collectors and targets asked for are run") {
  SnapshotBench bench;
  const TargetSnapshot target =
      bench.Take({std::nullopt,
                  {{CollectorId::kMemory, CollectorId::kSmaps}},
                  seconds(10)});
  CHECK(target.runs.size() == 2);
  CHECK(target.memory);
  CHECK_FALSE(target.process_tree);
  CHECK(bench.tree.gate.entered() == 0);
  CHECK(bench.disk.gate.entered() == 0);
  CHECK(bench.snapshotter.Take({{{"other"}}, std::nullopt, seconds(10)})
            .targets.empty());
  CHECK(bench.snapshotter.HasTarget("app"));
  CHECK_FALSE(bench.snapshotter.HasTarget("other"));
  CHECK(bench.snapshotter.HasCollector(CollectorId::kDiskUsage));
  CHECK_FALSE(bench.snapshotter.HasCollector(CollectorId::kTargets));
}

TEST_CASE("snapshotter: who asks at the same time gets the same round") {
  SnapshotBench bench;
  bench.memory.gate.Close();
  auto first = bench.TakeBeside();
  bench.memory.gate.AwaitEntered(1);
  auto second = bench.TakeBeside();
  auto third = bench.TakeBeside();
  bench.clock.AwaitWaiting(3);
  bench.memory.gate.Open();
  const auto part = first.get().process_tree;
  CHECK(second.get().process_tree == part);
  CHECK(third.get().process_tree == part);
  CHECK(bench.target.gate.entered() == 1);
  CHECK(bench.memory.gate.entered() == 1);
}

TEST_CASE("snapshotter: a joined round also runs what it has yet to come to") {
  SnapshotBench bench;
  bench.tree.gate.Close();
  auto first = std::async(std::launch::async, [&] {
    return bench.Take(
        {std::nullopt, {{CollectorId::kProcessTree}}, seconds(10)});
  });
  bench.tree.gate.AwaitEntered(1);
  auto second = bench.TakeBeside();
  bench.clock.AwaitWaiting(2);
  bench.tree.gate.Open();
  CHECK(second.get().memory);
  CHECK_FALSE(first.get().memory);
  CHECK(bench.target.gate.entered() == 1);
}

TEST_CASE("snapshotter: what a round has passed takes another round") {
  SnapshotBench bench;
  bench.memory.gate.Close();
  auto first = std::async(std::launch::async, [&] {
    return bench.Take({std::nullopt, {{CollectorId::kMemory}}, seconds(10)});
  });
  bench.memory.gate.AwaitEntered(1);
  auto second = bench.TakeBeside();
  bench.clock.AwaitWaiting(2);
  bench.memory.gate.Open();
  CHECK(second.get().process_tree);
  CHECK(bench.target.gate.entered() == 2);
}

TEST_CASE("snapshotter: a hung collector costs its own result alone") {
  SnapshotBench bench;
  const TargetSnapshot before = bench.Take();
  bench.tree.gate.Close();
  auto hung = bench.TakeBeside();
  bench.tree.gate.AwaitEntered(2);
  bench.clock.AwaitWaiting(1);
  bench.clock.Advance(seconds(10));
  const TargetSnapshot cut = hung.get();
  CHECK(TimedOutIn(cut, CollectorId::kProcessTree));
  CHECK(cut.process_tree == before.process_tree);
  CHECK(RunOf(cut, CollectorId::kProcessTree).timestamp_unix_seconds ==
        1'700'000'000);
  CHECK(RunOf(cut, CollectorId::kProcessTree).duration_seconds == 10);
  // The lane had not come to this one.
  CHECK(TimedOutIn(cut, CollectorId::kMemory));
  CHECK(cut.memory == before.memory);

  for (int i = 0; i < 20; ++i) {
    const TargetSnapshot later = bench.Take();
    CHECK(TimedOutIn(later, CollectorId::kProcessTree));
    CHECK(RunOf(later, CollectorId::kMemory).success);
    CHECK(later.memory != before.memory);
    CHECK(bench.SettlesAt(2));
  }
  CHECK(bench.tree.gate.entered() == 2);
  CHECK_THAT(bench.log.text(), ContainsSubstring("collector does not answer"));

  bench.tree.gate.Open();
  while (TimedOutIn(bench.Take(), CollectorId::kProcessTree)) {
  }
  CHECK(bench.Take().process_tree != before.process_tree);
}

TEST_CASE("snapshotter: a hung walk holds up later scrapes no more") {
  SnapshotBench bench;
  const TargetSnapshot before = bench.Take();
  bench.target.gate.Close();
  auto hung = bench.TakeBeside();
  bench.target.gate.AwaitEntered(2);
  bench.clock.AwaitWaiting(1);
  bench.clock.Advance(seconds(10));
  CHECK(TimedOutIn(hung.get(), CollectorId::kTargets));
  const TargetSnapshot later = bench.Take();
  CHECK(TimedOutIn(later, CollectorId::kTargets));
  CHECK(TimedOutIn(later, CollectorId::kMemory));
  CHECK(later.memory == before.memory);
  CHECK(later.main_processes.size() == 1);
  CHECK(bench.SettlesAt(1));

  bench.target.gate.Open();
  while (TimedOutIn(bench.Take(), CollectorId::kTargets)) {
  }
  CHECK(RunOf(bench.Take(), CollectorId::kMemory).success);
}

TEST_CASE("snapshotter: a target that hangs does not hold up another") {
  ManualClock clock;
  CapturedLog log;
  const procfs::ProcFs proc_fs;
  WorkerThreads workers;
  FakeTarget good;
  FakeTarget bad;
  CollectorScript memory;
  memory.id = CollectorId::kMemory;
  Snapshotter snapshotter(
      {[&](const config::TargetConfig& target, size_t) {
         return target.name == "bad" ? bad.MakeSource() : good.MakeSource();
       },
       [&](const config::CollectorsConfig&) {
         std::vector<std::unique_ptr<Collector>> collectors;
         collectors.push_back(std::make_unique<FakeCollector>(memory));
         return collectors;
       }},
      {clock, proc_fs, workers, log.logger()});
  config::Config config = OneTarget("bad");
  config.targets.push_back(OneTarget("good").targets[0]);
  snapshotter.Configure(config);
  bad.gate.Close();
  auto taken = std::async(std::launch::async, [&] {
    return snapshotter.Take({std::nullopt, std::nullopt, seconds(10)});
  });
  memory.gate.AwaitEntered(1);
  clock.AwaitWaiting(1);
  clock.Advance(seconds(10));
  const Snapshot snapshot = taken.get();
  CHECK(TimedOutIn(snapshot.targets.at(0), CollectorId::kTargets));
  CHECK(RunOf(snapshot.targets.at(1), CollectorId::kMemory).success);
  bad.gate.Open();
  snapshotter.Stop();
  CHECK(workers.WaitUntilIdle(seconds(10)));
}

TEST_CASE("snapshotter: a background result is served until it is due") {
  SnapshotBench bench;
  CHECK(bench.Take().disk_usage->temporary_directories.size() == 1);
  bench.clock.Advance(seconds(59));
  const TargetSnapshot kept = bench.Take();
  CHECK(kept.disk_usage->temporary_directories.size() == 1);
  CHECK(RunOf(kept, CollectorId::kDiskUsage).timestamp_unix_seconds ==
        1'700'000'000);
  CHECK(RunOf(kept, CollectorId::kMemory).timestamp_unix_seconds ==
        1'700'000'059);
  bench.clock.Advance(seconds(1));
  CHECK(bench.Take().disk_usage->temporary_directories.size() == 2);
}

TEST_CASE("snapshotter: a slow background run is waited for once, then not") {
  SnapshotBench bench;
  bench.disk.gate.Close();
  auto first = bench.TakeBeside();
  bench.disk.gate.AwaitEntered(1);
  bench.clock.AwaitWaiting(1);
  bench.clock.Advance(seconds(10));
  const TargetSnapshot cut = first.get();
  CHECK(TimedOutIn(cut, CollectorId::kDiskUsage));
  CHECK_FALSE(RunOf(cut, CollectorId::kDiskUsage).timestamp_unix_seconds);
  CHECK_FALSE(cut.disk_usage);
  CHECK(RunOf(cut, CollectorId::kMemory).success);

  for (int i = 0; i < 20; ++i) {
    CHECK(TimedOutIn(bench.Take(), CollectorId::kDiskUsage));
    CHECK(bench.SettlesAt(2));
  }
  CHECK(bench.disk.gate.entered() == 1);
  // Who has more time in all waits for the rest of it.
  auto patient = bench.TakeBeside(seconds(60));
  bench.clock.AwaitWaiting(1);
  bench.disk.gate.Open();
  CHECK(patient.get().disk_usage);

  // The last result is served, and is no failure, while the next one is made.
  bench.clock.Advance(minutes(1));
  bench.disk.gate.Close();
  auto second = bench.TakeBeside();
  bench.disk.gate.AwaitEntered(2);
  bench.clock.AwaitWaiting(1);
  bench.clock.Advance(seconds(10));
  const TargetSnapshot old = second.get();
  CHECK(RunOf(old, CollectorId::kDiskUsage).success);
  CHECK(old.disk_usage->temporary_directories.size() == 1);
  // A run beyond all bounds is a failure, and still serves the last result.
  bench.clock.Advance(minutes(20));
  const TargetSnapshot hung = bench.Take();
  CHECK(TimedOutIn(hung, CollectorId::kDiskUsage));
  CHECK(hung.disk_usage->temporary_directories.size() == 1);
}

TEST_CASE("snapshotter: a target without a process has nothing but its walk") {
  SnapshotBench bench;
  REQUIRE(bench.Take().memory);
  bench.target.SetMain({});
  const TargetSnapshot gone = bench.Take();
  CHECK(gone.main_processes.empty());
  CHECK_FALSE(gone.memory);
  CHECK_FALSE(gone.disk_usage);
  REQUIRE(gone.runs.size() == 1);
  CHECK(gone.runs[0].collector == CollectorId::kTargets);
  CHECK(gone.runs[0].success);
}

TEST_CASE("snapshotter: results of processes that are gone are not served") {
  SnapshotBench bench;
  CHECK(bench.Take().disk_usage->temporary_directories.size() == 1);
  bench.target.SetMain({200});
  CHECK(bench.Take().disk_usage->temporary_directories.size() == 2);
  bench.target.SetMain({200, 300});
  CHECK(bench.Take().disk_usage->temporary_directories.size() == 2);
}

TEST_CASE("snapshotter: the processes' errors are those of `targets`") {
  SnapshotBench bench;
  bench.target.complain = [](ErrorTally& errors) {
    errors.Add({EACCES, "/run/app.pid: Permission denied"});
  };
  const TargetSnapshot target = bench.Take();
  const CollectorRun& run = RunOf(target, CollectorId::kTargets);
  CHECK_FALSE(run.success);
  REQUIRE(run.errors.size() == 1);
  CHECK(run.errors[0].cause == ErrorCause::kPermission);
  CHECK(target.memory);
  CHECK_THAT(bench.log.text(), ContainsSubstring("Permission denied"));
}

TEST_CASE("snapshotter: what a collector throws is its own failure") {
  SnapshotBench bench;
  bench.tree.collect = [](TargetSnapshot&, ErrorTally&) -> bool {
    throw std::runtime_error("a bug");
  };
  bench.disk.collect = bench.tree.collect;
  const TargetSnapshot target = bench.Take();
  for (const CollectorId collector :
       {CollectorId::kProcessTree, CollectorId::kDiskUsage}) {
    const CollectorRun& run = RunOf(target, collector);
    CHECK_FALSE(run.success);
    REQUIRE(run.errors.size() == 1);
    CHECK(run.errors[0].cause == ErrorCause::kInternal);
    CHECK(run.errors[0].message == "a bug");
  }
  CHECK(RunOf(target, CollectorId::kMemory).success);
}

TEST_CASE("snapshotter: failures are logged when they change, not each time") {
  SnapshotBench bench;
  bench.tree.collect = [](TargetSnapshot&, ErrorTally& errors) {
    errors.Add(ErrorCause::kMalformed, "bad line");
    return false;
  };
  for (int i = 0; i < 5; ++i) bench.Take();
  bench.tree.collect = [](TargetSnapshot&, ErrorTally&) { return true; };
  for (int i = 0; i < 5; ++i) bench.Take();
  const std::string log = bench.log.text();
  CHECK(log.find("bad line") == log.rfind("bad line"));
  CHECK(log.find("recovered") != std::string::npos);
  CHECK(log.find("recovered") == log.rfind("recovered"));
}

TEST_CASE("snapshotter: another configuration keeps what has not changed") {
  SnapshotBench bench;
  bench.Take();
  config::Config config = OneTarget();
  config.targets.push_back(OneTarget("other").targets[0]);
  bench.snapshotter.Configure(config);
  CHECK(bench.sources_made == 2);
  CHECK(bench.Take().disk_usage->temporary_directories.size() == 1);
  CHECK(bench.snapshotter.HasTarget("other"));

  config.collectors.process_tree.top = 7;
  bench.snapshotter.Configure(config);
  CHECK(bench.sources_made == 4);
  bench.snapshotter.Configure(OneTarget("third"));
  CHECK_FALSE(bench.snapshotter.HasTarget("app"));
  CHECK(bench.Take().target == "third");
}

TEST_CASE("snapshotter: dropped targets give their threads back") {
  SnapshotBench bench;
  for (int i = 0; i < 10; ++i) {
    bench.snapshotter.Configure(OneTarget("app" + std::to_string(i)));
    bench.Take();
  }
  bench.snapshotter.Configure({});
  CHECK(bench.workers.WaitUntilIdle(seconds(10)));
}

TEST_CASE("snapshotter: Stop ends all waiting") {
  SnapshotBench bench;
  bench.memory.gate.Close();
  auto waiting = bench.TakeBeside();
  bench.memory.gate.AwaitEntered(1);
  bench.clock.AwaitWaiting(1);
  bench.snapshotter.Stop();
  CHECK(TimedOutIn(waiting.get(), CollectorId::kMemory));
  bench.Take();
}

}  // namespace
}  // namespace leak_exporter
