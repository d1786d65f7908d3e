#include "exporter/schedule/collector_runner.h"

#include <algorithm>
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

/// The most threads that the pools and a hung run may have.
constexpr size_t kMostThreads = 13;

TEST_CASE(
    "collector runner: a measurement finds processes and runs every "
    "collector") {
  SnapshotBench bench;
  const Snapshot snapshot = bench.snapshotter.Take({.budget = seconds(10)});
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
  CHECK(target.runs[0].collector == kTargets);
  CHECK(target.runs[3].collector == kDisk);
}

TEST_CASE(
    "collector runner: who asks at the same time gets the same measurement") {
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

TEST_CASE(
    "collector runner: a joined measurement also runs what it has yet to come "
    "to") {
  SnapshotBench bench;
  bench.tree.gate.Close();
  auto first =
      bench.TakeBeside({.collectors = {{kTree}}, .budget = seconds(10)});
  bench.tree.gate.AwaitEntered(1);
  auto second = bench.TakeBeside();
  bench.clock.AwaitWaiting(2);
  bench.tree.gate.Open();
  CHECK(second.get().memory);
  CHECK_FALSE(first.get().memory);
  CHECK(bench.target.gate.entered() == 1);
}

TEST_CASE(
    "collector runner: what a measurement has passed it runs at its end") {
  SnapshotBench bench;
  bench.memory.gate.Close();
  auto first =
      bench.TakeBeside({.collectors = {{kMemory}}, .budget = seconds(10)});
  bench.memory.gate.AwaitEntered(1);
  auto second = bench.TakeBeside();
  bench.clock.AwaitWaiting(2);
  bench.memory.gate.Open();
  const TargetSnapshot joined = second.get();
  CHECK(joined.process_tree);
  CHECK(joined.memory == first.get().memory);
  CHECK(bench.target.gate.entered() == 1);
  CHECK(bench.memory.gate.entered() == 1);
}

TEST_CASE("collector runner: a hung collector costs its own result alone") {
  SnapshotBench bench;
  const TargetSnapshot before = bench.Take();
  bench.tree.gate.Close();
  auto hung = bench.TakeBeside();
  bench.tree.gate.AwaitEntered(2);
  bench.clock.AwaitWaiting(1);
  bench.clock.Advance(seconds(10));
  const TargetSnapshot cut = hung.get();
  CHECK(TimedOutIn(cut, kTree));
  CHECK(cut.process_tree == before.process_tree);
  CHECK(RunOf(cut, kTree).timestamp_unix_seconds == 1'700'000'000);
  CHECK(RunOf(cut, kTree).duration_seconds == 10);
  // The measurement had not come to this one.
  CHECK(TimedOutIn(cut, kMemory));
  CHECK(cut.memory == before.memory);

  for (int i = 0; i < 20; ++i) {
    const TargetSnapshot later = bench.Take();
    CHECK(TimedOutIn(later, kTree));
    CHECK(RunOf(later, kMemory).success);
    CHECK(later.memory != before.memory);
    CHECK(bench.threads.running() <= kMostThreads);
  }
  CHECK(bench.tree.gate.entered() == 2);
  CHECK_THAT(bench.log.text(), ContainsSubstring("collector does not answer"));

  bench.tree.gate.Open();
  while (TimedOutIn(bench.Take(), kTree)) {
  }
  CHECK(bench.Take().process_tree != before.process_tree);
}

TEST_CASE("collector runner: a hung search holds up later scrapes no more") {
  SnapshotBench bench;
  const TargetSnapshot before = bench.Take();
  bench.target.gate.Close();
  auto hung = bench.TakeBeside();
  bench.target.gate.AwaitEntered(2);
  bench.clock.AwaitWaiting(1);
  bench.clock.Advance(seconds(10));
  CHECK(TimedOutIn(hung.get(), kTargets));
  const TargetSnapshot later = bench.Take();
  CHECK(TimedOutIn(later, kTargets));
  CHECK(TimedOutIn(later, kMemory));
  CHECK(later.memory == before.memory);
  CHECK(later.main_processes.size() == 1);

  bench.target.gate.Open();
  while (TimedOutIn(bench.Take(), kTargets)) {
  }
  CHECK(RunOf(bench.Take(), kMemory).success);
}

TEST_CASE("collector runner: a background result is served until it is due") {
  SnapshotBench bench;
  CHECK(DiskRun(bench.Take()) == 1);
  bench.clock.Advance(seconds(59));
  const TargetSnapshot kept = bench.Take();
  CHECK(DiskRun(kept) == 1);
  CHECK(RunOf(kept, kDisk).timestamp_unix_seconds == 1'700'000'000);
  CHECK(RunOf(kept, kMemory).timestamp_unix_seconds == 1'700'000'059);
  bench.clock.Advance(seconds(1));
  CHECK(DiskRun(bench.Take()) == 2);
}

TEST_CASE(
    "collector runner: a slow background run is waited for once, then not") {
  SnapshotBench bench;
  bench.disk.gate.Close();
  auto first = bench.TakeBeside();
  bench.disk.gate.AwaitEntered(1);
  bench.AwaitHeard(3);
  bench.clock.AwaitWaiting(1);
  bench.clock.Advance(seconds(10));
  const TargetSnapshot cut = first.get();
  CHECK(TimedOutIn(cut, kDisk));
  CHECK_FALSE(RunOf(cut, kDisk).timestamp_unix_seconds);
  CHECK_FALSE(cut.disk_usage);
  CHECK(RunOf(cut, kMemory).success);

  for (int i = 0; i < 20; ++i) {
    CHECK(TimedOutIn(bench.Take(), kDisk));
    CHECK(bench.threads.running() <= kMostThreads);
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
  CHECK(RunOf(old, kDisk).success);
  CHECK(DiskRun(old) == 1);
  // A run beyond all bounds is a failure, and still serves the last result.
  bench.clock.Advance(minutes(20));
  const TargetSnapshot hung = bench.Take();
  CHECK(TimedOutIn(hung, kDisk));
  CHECK(DiskRun(hung) == 1);
}

TEST_CASE(
    "collector runner: a target without a process has nothing but its search") {
  SnapshotBench bench;
  REQUIRE(bench.Take().memory);
  bench.target.SetMain({});
  const TargetSnapshot gone = bench.Take();
  CHECK(gone.main_processes.empty());
  CHECK_FALSE(gone.memory);
  CHECK_FALSE(gone.disk_usage);
  REQUIRE(gone.runs.size() == 1);
  CHECK(gone.runs[0].collector == kTargets);
  CHECK(gone.runs[0].success);
}

TEST_CASE(
    "collector runner: results of processes that are gone are not served") {
  SnapshotBench bench;
  CHECK(DiskRun(bench.Take()) == 1);
  bench.target.SetMain({200});
  CHECK(DiskRun(bench.Take()) == 2);
  bench.target.SetMain({200, 300});
  CHECK(DiskRun(bench.Take()) == 2);
}

TEST_CASE("collector runner: the search's errors are those of `targets`") {
  SnapshotBench bench;
  bench.target.complain = [](ErrorTally& errors) {
    errors.Add({EACCES, "/run/app.pid: Permission denied"});
  };
  const TargetSnapshot target = bench.Take();
  const CollectorRun& run = RunOf(target, kTargets);
  CHECK_FALSE(run.success);
  REQUIRE(run.errors.size() == 1);
  CHECK(run.errors[0].cause == ErrorCause::kPermission);
  CHECK(target.memory);
  CHECK_THAT(bench.log.text(), ContainsSubstring("Permission denied"));
}

TEST_CASE("collector runner: a collector's note is logged once") {
  SnapshotBench bench;
  bench.memory.collect = [](TargetSnapshot&, ErrorTally& errors) {
    errors.Note("worth a word");
    return true;
  };
  for (int i = 0; i < 5; ++i) CHECK(RunOf(bench.Take(), kMemory).success);
  const std::string log = bench.log.text();
  CHECK(log.find("worth a word") != std::string::npos);
  CHECK(log.find("worth a word") == log.rfind("worth a word"));
}

TEST_CASE("collector runner: what a collector throws is its own failure") {
  SnapshotBench bench;
  bench.tree.collect = [](TargetSnapshot&, ErrorTally&) -> bool {
    throw std::runtime_error("a bug");
  };
  bench.disk.collect = bench.tree.collect;
  const TargetSnapshot target = bench.Take();
  for (const CollectorId collector : {kTree, kDisk}) {
    const CollectorRun& run = RunOf(target, collector);
    CHECK_FALSE(run.success);
    REQUIRE(run.errors.size() == 1);
    CHECK(run.errors[0].cause == ErrorCause::kInternal);
    CHECK(run.errors[0].message == "a bug");
  }
  CHECK(RunOf(target, kMemory).success);
}

TEST_CASE(
    "collector runner: failures are logged when they change, not each time") {
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

TEST_CASE("collector runner: young results do for whoever says how young") {
  SnapshotBench bench;
  const TargetSnapshot first = bench.Take();
  bench.clock.Advance(seconds(4));
  const SnapshotRequest lenient = {.budget = seconds(10),
                                   .max_age = seconds(5)};
  const TargetSnapshot same = bench.Take(lenient);
  CHECK(same.memory == first.memory);
  CHECK(same.main_processes.size() == 1);
  CHECK(RunOf(same, kMemory).success);
  CHECK(RunOf(same, kMemory).timestamp_unix_seconds == 1'700'000'000);
  CHECK(bench.target.gate.entered() == 1);

  bench.clock.Advance(seconds(1));
  const TargetSnapshot next = bench.Take(lenient);
  CHECK(next.memory != first.memory);
  CHECK(bench.target.gate.entered() == 2);
  // With no age at all it is measured again, although no time has passed.
  CHECK(bench.Take().memory != next.memory);
  CHECK(bench.target.gate.entered() == 3);
}

TEST_CASE("collector runner: young results of other collectors do not do") {
  SnapshotBench bench;
  bench.Take({.collectors = {{kTree}}, .budget = seconds(10)});
  const SnapshotRequest lenient = {.budget = seconds(10),
                                   .max_age = seconds(5)};
  const TargetSnapshot measured = bench.Take(lenient);
  CHECK(RunOf(measured, kMemory).success);
  CHECK(RunOf(measured, kDisk).success);
  CHECK(bench.target.gate.entered() == 2);
}

TEST_CASE("collector runner: the listener hears of each run that ended") {
  SnapshotBench bench;
  bench.Take();
  CHECK(bench.AwaitHeard(4) == std::vector{kTargets, kTree, kMemory, kDisk});
  bench.Take({.budget = seconds(10), .max_age = seconds(5)});
  bench.Take({.collectors = {{kMemory, kDisk}}, .budget = seconds(10)});
  CHECK(bench.AwaitHeard(2) == std::vector{kTargets, kMemory});
}

}  // namespace
}  // namespace leak_exporter
