#include "exporter/schedule/collector_states.h"

#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "tests/catch.h"
#include "tests/exporter/schedule/fake_measuring.h"

namespace leak_exporter {
namespace {

using std::chrono::seconds;
using TimePoint = CollectorStates::TimePoint;

constexpr auto kTargets = CollectorId::kTargets;
constexpr auto kMemory = CollectorId::kMemory;
constexpr auto kDisk = CollectorId::kDiskUsage;

constexpr TimePoint At(int second) { return TimePoint(seconds(second)); }

/// The search, memory in every measurement, and disk_usage every minute.
struct StatesBench {
  StatesBench() {
    memory.id = kMemory;
    disk.id = kDisk;
    disk.interval = seconds(60);
    std::vector<std::unique_ptr<Collector>> collectors;
    collectors.push_back(std::make_unique<FakeCollector>(memory));
    collectors.push_back(std::make_unique<FakeCollector>(disk));
    states = std::make_unique<CollectorStates>(std::move(collectors));
  }

  /// A run of these main processes that ended at that second.
  void Run(CollectorId id, uint64_t measurement, int second,
           std::vector<ProcessId> main = {{100, 1}}) {
    FinishedRun finished;
    finished.main = std::move(main);
    finished.run.collector = id;
    finished.run.success = true;
    finished.run.timestamp_unix_seconds = second;
    if (id == kMemory) {
      finished.parts.memory = std::make_shared<MemorySnapshot>();
    }
    auto& run = (*states)[id].run;
    run.Begin({measurement, At(second), At(second + 10)});
    run.End(std::make_shared<const FinishedRun>(std::move(finished)),
            At(second));
  }

  static MeasurementRequest Request(int second, int max_age = 0) {
    MeasurementRequest request;
    request.collectors.set();
    request.asked = At(second);
    request.deadline = At(second + 10);
    request.max_age = seconds(max_age);
    return request;
  }

  CollectorScript memory;
  CollectorScript disk;
  std::unique_ptr<CollectorStates> states;
};

TEST_CASE("collector states: what has an interval is due when it has passed") {
  StatesBench bench;
  bench.Run(kTargets, 1, 0);
  CHECK(bench.states->IsDue(kDisk, At(0)));
  bench.Run(kDisk, 1, 0);
  CHECK_FALSE(bench.states->IsDue(kDisk, At(59)));
  CHECK(bench.states->IsDue(kDisk, At(60)));
  (*bench.states)[kDisk].run.Begin({2, At(60), At(70)});
  CHECK_FALSE(bench.states->IsDue(kDisk, At(60)));
  // Neither what runs within a measurement nor what is not enabled.
  CHECK_FALSE(bench.states->IsDue(kMemory, At(1000)));
  CHECK_FALSE(bench.states->IsDue(CollectorId::kPythonHeap, At(1000)));
}

TEST_CASE("collector states: a result of other processes is due at once") {
  StatesBench bench;
  bench.Run(kTargets, 1, 0);
  bench.Run(kDisk, 1, 0);
  bench.Run(kTargets, 2, 1, {{100, 2}});
  CHECK(bench.states->IsDue(kDisk, At(1)));
  bench.Run(kTargets, 3, 2, {{200, 3}, {100, 1}});
  CHECK_FALSE(bench.states->IsDue(kDisk, At(2)));
}

TEST_CASE("collector states: fresh enough is what all results are") {
  StatesBench bench;
  CHECK_FALSE(bench.states->AreFreshEnough(StatesBench::Request(0, 5), At(0)));
  bench.Run(kTargets, 1, 0);
  bench.Run(kMemory, 1, 0);
  CHECK_FALSE(bench.states->AreFreshEnough(StatesBench::Request(0, 5), At(0)));
  bench.Run(kDisk, 1, 0);
  CHECK(bench.states->AreFreshEnough(StatesBench::Request(4, 5), At(4)));
  CHECK_FALSE(bench.states->AreFreshEnough(StatesBench::Request(5, 5), At(5)));
  CHECK_FALSE(bench.states->AreFreshEnough(StatesBench::Request(0, 0), At(0)));
  // Where there is no process there is nothing else to know.
  bench.Run(kTargets, 2, 60, {});
  CHECK(bench.states->AreFreshEnough(StatesBench::Request(61, 5), At(61)));
}

TEST_CASE("collector states: late results are served, and say that they are") {
  StatesBench bench;
  bench.Run(kTargets, 1, 0);
  bench.Run(kMemory, 1, 0);
  bench.Run(kTargets, 2, 20);
  (*bench.states)[kMemory].run.Begin({2, At(21), At(31)});
  const TargetSnapshot snapshot =
      bench.states->Assemble("app", StatesBench::Request(20), 2, At(30));
  CHECK(snapshot.target == "app");
  CHECK(snapshot.memory);
  REQUIRE(snapshot.runs.size() == 3);
  CHECK(snapshot.runs[0].collector == kTargets);
  CHECK(snapshot.runs[0].success);
  CHECK(snapshot.runs[1].collector == kMemory);
  CHECK_FALSE(snapshot.runs[1].success);
  CHECK(snapshot.runs[1].timestamp_unix_seconds == 0);
  // Since its run began.
  CHECK(snapshot.runs[1].duration_seconds == 9);
  REQUIRE(snapshot.runs[1].errors.size() == 1);
  CHECK(snapshot.runs[1].errors[0].cause == ErrorCause::kTimeout);
  // There never was one: since it was asked for.
  CHECK(snapshot.runs[2].collector == kDisk);
  CHECK_FALSE(snapshot.runs[2].timestamp_unix_seconds);
  CHECK(snapshot.runs[2].duration_seconds == 10);
}

TEST_CASE("collector states: nothing is served of processes that are gone") {
  StatesBench bench;
  bench.Run(kTargets, 1, 0);
  bench.Run(kMemory, 1, 0);
  bench.Run(kTargets, 2, 20, {{100, 7}});
  const TargetSnapshot snapshot =
      bench.states->Assemble("app", StatesBench::Request(20), 2, At(30));
  CHECK_FALSE(snapshot.memory);
  CHECK_FALSE(snapshot.runs[1].timestamp_unix_seconds);
  bench.Run(kTargets, 3, 40, {});
  CHECK(bench.states->Assemble("app", StatesBench::Request(40), 3, At(40))
            .runs.size() == 1);
}

}  // namespace
}  // namespace leak_exporter
