#include <chrono>

#include "exporter/schedule/collector_runner.h"
#include "tests/catch.h"
#include "tests/exporter/schedule/snapshot_bench.h"

namespace leak_exporter {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

/// Takes a snapshot whose search, the `searches`-th one, needs more time than
/// the half of the budget that it may have.
TargetSnapshot TakeWithSlowSearch(SnapshotBench& bench, int searches) {
  bench.target.gate.Close();
  auto late = bench.TakeBeside(seconds(8));
  bench.target.gate.AwaitEntered(searches);
  bench.clock.AwaitWaiting(1);
  bench.clock.Advance(seconds(4));
  bench.target.gate.Open();
  return late.get();
}

TEST_CASE(
    "collector runner: a scrape waits for background work for a moment only") {
  SnapshotBench bench;
  bench.disk.gate.Close();
  const SnapshotRequest scrape = {.budget = seconds(10),
                                  .background_wait = milliseconds(250)};
  auto first = bench.TakeBeside(scrape);
  bench.disk.gate.AwaitEntered(1);
  bench.clock.AwaitWaiting(1);
  bench.clock.Advance(milliseconds(250));
  const TargetSnapshot without = first.get();
  CHECK(RunOf(without, kMemory).success);
  CHECK_FALSE(without.disk_usage);
  // The first run has no result yet, which is no failure.
  CHECK(HasNoRun(without, kDisk));

  // Work that takes longer than a whole scrape may take is a failure.
  bench.clock.Advance(seconds(10));
  CHECK(TimedOutIn(bench.Take(scrape), kDisk));

  bench.disk.gate.Open();
  REQUIRE(DiskRun(bench.Take(seconds(60))) == 1);
  const TargetSnapshot with = bench.Take(scrape);
  CHECK(RunOf(with, kDisk).success);
  CHECK(DiskRun(with) == 1);
}

TEST_CASE(
    "collector runner: a scrape serves the last result while the next is "
    "measured") {
  SnapshotBench bench;
  REQUIRE(DiskRun(bench.Take()) == 1);
  bench.disk.gate.Close();
  bench.clock.Advance(minutes(2));
  auto next = bench.TakeBeside(
      {.budget = seconds(10), .background_wait = milliseconds(250)});
  bench.disk.gate.AwaitEntered(2);
  bench.clock.AwaitWaiting(1);
  bench.clock.Advance(milliseconds(250));
  const TargetSnapshot target = next.get();
  CHECK(DiskRun(target) == 1);
  CHECK(RunOf(target, kDisk).success);
  CHECK(RunOf(target, kDisk).timestamp_unix_seconds == 1'700'000'000);
  bench.disk.gate.Open();
}

TEST_CASE("collector runner: a step leaves time to those that follow") {
  SnapshotBench bench;
  bench.Take(seconds(8));
  // The clock stands still, so each of them begins with all the time.
  CHECK(bench.tree.deadline == bench.clock.Now() + seconds(4));
  CHECK(bench.memory.deadline == bench.clock.Now() + seconds(4));
  CHECK(bench.disk.deadline > bench.clock.Now() + minutes(1));
}

TEST_CASE(
    "collector runner: a search beyond its time serves the processes before") {
  SnapshotBench bench;
  const TargetSnapshot before = bench.Take();
  const TargetSnapshot target = TakeWithSlowSearch(bench, 2);
  CHECK(TimedOutIn(target, kTargets));
  CHECK(RunOf(target, kTargets).timestamp_unix_seconds == 1'700'000'000);
  CHECK(target.main_processes.size() == 1);
  CHECK(target.memory == before.memory);
  CHECK(TimedOutIn(target, kMemory));
  CHECK(bench.memory.gate.entered() == 1);
  CHECK(RunOf(bench.Take(), kMemory).success);
}

TEST_CASE("collector runner: the first search beyond its time knows nothing") {
  SnapshotBench bench;
  const TargetSnapshot target = TakeWithSlowSearch(bench, 1);
  CHECK(TimedOutIn(target, kTargets));
  CHECK_FALSE(AreMainProcessesKnown(target));
}

TEST_CASE("collector runner: a patient request does not hold up a short one") {
  SnapshotBench bench;
  bench.tree.gate.Close();
  auto patient = bench.TakeBeside(seconds(60));
  bench.tree.gate.AwaitEntered(1);
  bench.clock.AwaitWaiting(1);
  bench.clock.Advance(seconds(10));
  // The collector has taken all of this request's time already.
  const TargetSnapshot brief = bench.Take();
  CHECK(TimedOutIn(brief, kTree));
  CHECK(RunOf(brief, kMemory).success);
  bench.tree.gate.Open();
  CHECK(RunOf(patient.get(), kDisk).success);
}

TEST_CASE(
    "collector runner: who waits for a hung collector goes on without it") {
  SnapshotBench bench;
  bench.tree.gate.Close();
  auto first = bench.TakeBeside(seconds(10));
  bench.tree.gate.AwaitEntered(1);
  bench.clock.AwaitWaiting(1);
  bench.clock.Advance(seconds(4));
  auto second = bench.TakeBeside(seconds(10));
  bench.clock.AwaitWaiting(2);
  bench.clock.Advance(seconds(6));
  CHECK(TimedOutIn(first.get(), kTree));
  const TargetSnapshot late = second.get();
  CHECK(TimedOutIn(late, kTree));
  CHECK(RunOf(late, kMemory).success);
}

}  // namespace
}  // namespace leak_exporter
