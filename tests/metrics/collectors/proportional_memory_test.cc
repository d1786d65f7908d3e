#include "metrics/collectors/proportional_memory.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/collect.h"
#include "tests/fake_proc.h"

namespace leak_exporter {
namespace {

std::string Rollup(uint64_t proportional_kb, uint64_t private_kb) {
  return "Pss: " + std::to_string(proportional_kb) +
         " kB\nPrivate_Clean: 1 kB\nPrivate_Dirty: " +
         std::to_string(private_kb) + " kB\n";
}

TEST_CASE("smaps: sums by scope, at an interval of its own") {
  const FakeProc proc;
  proc.Write(7, "smaps_rollup", Rollup(10, 1));
  proc.Write(8, "smaps_rollup", Rollup(20, 2));
  proc.Write(9, "smaps_rollup", Rollup(40, 4));
  ProportionalMemoryCollector collector(
      {.smaps = true, .smaps_interval = std::chrono::minutes(3)});
  CHECK(collector.id() == CollectorId::kSmaps);
  CHECK(collector.BackgroundInterval() == std::chrono::minutes(3));
  const auto run =
      Collect(collector, proc.fs(),
              TreeOf({SampleOf(proc.fs(), 7)},
                     {SampleOf(proc.fs(), 8), SampleOf(proc.fs(), 9),
                      SampleOf(proc.fs(), 9, 'Z')}));
  REQUIRE(run.success);
  CHECK(run.errors.empty());
  const auto& usage = run.snapshot.proportional_memory->usage;
  CHECK(usage.main.proportional_bytes == 10U * 1024);
  CHECK(usage.main.unique_bytes == 2U * 1024);
  CHECK(usage.children.proportional_bytes == 60U * 1024);
  CHECK(usage.children.unique_bytes == 8U * 1024);
}

TEST_CASE("smaps: a process over the ceiling is left out, and said so") {
  const FakeProc proc;
  proc.Write(7, "smaps_rollup", Rollup(10, 1));
  proc.Write(8, "smaps_rollup", Rollup(20, 2));
  ProcessTree tree = TreeOf({SampleOf(proc.fs(), 7)}, {SampleOf(proc.fs(), 8)});
  tree.main[0].status.resident_bytes = 1001;
  tree.descendants[0].status.resident_bytes = 1000;
  ProportionalMemoryCollector collector({.smaps_max_resident_bytes = 1000});
  const auto run = Collect(collector, proc.fs(), tree);
  REQUIRE(run.success);
  CHECK(run.causes() == std::vector<std::string>{"limit 1"});
  CHECK(run.errors[0].message ==
        proc.root() +
            "/7/smaps_rollup: not read, RSS is 1001 bytes and "
            "smaps_max_resident 1000");
  const auto& usage = run.snapshot.proportional_memory->usage;
  CHECK_FALSE(usage.main.proportional_bytes);
  CHECK_FALSE(usage.main.unique_bytes);
  CHECK(usage.children.proportional_bytes == 20U * 1024);
}

TEST_CASE("smaps: without any that could be read there is no result") {
  const FakeProc proc;
  proc.Write(7, "smaps_rollup", "Pss: x kB\n");
  ProportionalMemoryCollector collector({});
  const auto malformed =
      Collect(collector, proc.fs(), TreeOf({SampleOf(proc.fs(), 7)}));
  CHECK_FALSE(malformed.success);
  CHECK_FALSE(malformed.snapshot.proportional_memory);
  CHECK(malformed.causes() == std::vector<std::string>{"malformed 1"});

  proc.Write(7, "smaps_rollup", Rollup(1, 1));
  const auto blocked =
      Collect(collector, proc.fs(), TreeOf({SampleOf(proc.fs(), 7, 'D')}));
  CHECK_FALSE(blocked.success);
  CHECK(blocked.causes() == std::vector<std::string>{"timeout 1"});

  const auto late =
      Collect(collector, proc.fs(), TreeOf({SampleOf(proc.fs(), 7)}),
              /*in_time=*/false);
  CHECK_FALSE(late.success);
  CHECK(late.causes() == std::vector<std::string>{"timeout 1"});
}

TEST_CASE("smaps: a kernel without the file is named, a vanished process not") {
  const FakeProc proc;
  proc.Write(7, "status", "");
  const ProcessTree tree = TreeOf({SampleOf(proc.fs(), 7)});
  ProportionalMemoryCollector collector({});
  const auto without = Collect(collector, proc.fs(), tree);
  CHECK_FALSE(without.success);
  CHECK(without.causes() == std::vector<std::string>{"io 1"});

  proc.Write("self/smaps_rollup", "");
  const auto vanished = Collect(collector, proc.fs(), tree);
  CHECK(vanished.success);
  CHECK(vanished.errors.empty());
}

}  // namespace
}  // namespace leak_exporter
