#include "metrics/targets/process_table.h"

#include <chrono>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/fake_clock.h"
#include "tests/fake_tree.h"

namespace leak_exporter {
namespace {

using std::chrono::seconds;

/// Process 7 of a made-up machine, and the table of a target that it belongs
/// to.
class Table {
 public:
  explicit Table(size_t most_descriptors = 100)
      : table(tree.fs(), most_descriptors) {
    tree[7].parent = 1;
  }

  void Begin() {
    tree.Sync();
    table.BeginGeneration(DiscoveryTime::Now(clock));
  }
  ProcessSample Accept(pid_t pid, pid_t main_pid = 7) {
    return table.Accept(table.Read(pid).value(), main_pid);
  }
  /// Process 7 as a whole discovery of it alone has it.
  ProcessSample Discover() {
    Begin();
    ProcessSample sample = Accept(7);
    table.EndGeneration();
    return sample;
  }

  FakeTree tree;
  FakeClock clock{seconds(1000)};
  ProcessTable table;
};

TEST_CASE("process_table: generations count from 1") {
  Table fake;
  CHECK(fake.table.generation() == 0);
  fake.Begin();
  CHECK(fake.table.generation() == 1);
  fake.table.EndGeneration();
  fake.Begin();
  CHECK(fake.table.generation() == 2);
}

TEST_CASE("process_table: a sample has what was read and what was known") {
  Table fake;
  fake.tree[7].comm = "app";
  fake.tree[7].start_time_ticks = 12'345;
  const ProcessSample sample = fake.Discover();
  CHECK(sample.pid() == 7);
  CHECK(sample.handle->id() == ProcessId{7, 12'345});
  CHECK(sample.status.name == "app");
  CHECK(sample.status.parent_pid == 1);
  CHECK(sample.main_pid == 7);
  CHECK(sample.start_since_boot == std::chrono::milliseconds(123'450));
  CHECK(sample.start_time_unix_seconds == 1'700'000'123.45);
  CHECK(sample.may_have_run);
  CHECK(sample.last_run_generation == 1);
  CHECK_FALSE(sample.zombie_since_boot);
}

TEST_CASE("process_table: a start time does not move with the wall clock") {
  Table fake;
  fake.tree[7].start_time_ticks = 12'345;
  CHECK(fake.Discover().start_time_unix_seconds == 1'700'000'123.45);
  fake.clock.StepWallTime(std::chrono::hours(1));
  fake.clock.Advance(std::chrono::milliseconds(3));
  CHECK(fake.Discover().start_time_unix_seconds == 1'700'000'123.45);
}

TEST_CASE("process_table: a start time that no clock can hold") {
  Table fake;
  fake.tree[7].start_time_ticks = UINT64_MAX;
  CHECK(fake.Discover().start_since_boot > std::chrono::hours(24 * 365 * 200));
}

TEST_CASE("process_table: whether a process may have run") {
  struct Case {
    FakeProcess before;
    FakeProcess after;
    bool may_have_run;
  };
  const auto process = [](char state, uint64_t switches, uint32_t threads) {
    FakeProcess made;
    made.state = state;
    made.context_switches = switches;
    made.threads = threads;
    return made;
  };
  for (const Case& expected : {
           Case{process('S', 10, 1), process('S', 10, 1), false},
           Case{process('T', 10, 1), process('T', 10, 1), false},
           Case{process('D', 10, 1), process('S', 10, 1), false},
           Case{process('Z', 10, 1), process('Z', 10, 1), false},
           Case{process('S', 10, 1), process('S', 11, 1), true},
           Case{process('R', 10, 1), process('S', 10, 1), true},
           Case{process('S', 10, 1), process('R', 10, 1), true},
           Case{process('S', 10, 2), process('S', 10, 2), true},
           Case{process('S', 10, 2), process('S', 10, 1), true},
           Case{process('S', 10, 1), process('?', 10, 1), true},
       }) {
    Table fake;
    fake.tree[7] = expected.before;
    CHECK(fake.Discover().may_have_run);
    fake.tree[7] = expected.after;
    const ProcessSample sample = fake.Discover();
    CHECK(sample.may_have_run == expected.may_have_run);
    CHECK(sample.last_run_generation == (expected.may_have_run ? 2U : 1U));
  }
}

TEST_CASE("process_table: since when a zombie is one") {
  Table fake;
  CHECK_FALSE(fake.Discover().zombie_since_boot);
  fake.clock.Advance(seconds(10));
  fake.tree[7].state = 'Z';
  fake.tree[7].resident_kilobytes.reset();
  CHECK(fake.Discover().zombie_since_boot == seconds(1010));
  fake.clock.Advance(seconds(10));
  CHECK(fake.Discover().zombie_since_boot == seconds(1010));
}

TEST_CASE("process_table: a reused pid is another process") {
  for (const size_t most_descriptors : {size_t{100}, size_t{0}}) {
    CAPTURE(most_descriptors);
    Table fake(most_descriptors);
    fake.tree[7].state = 'Z';
    const ProcessSample before = fake.Discover();
    CHECK(before.handle->keeps_descriptor() == (most_descriptors > 0));
    fake.clock.Advance(seconds(60));
    fake.tree[7].start_time_ticks = 104'200;
    const ProcessSample after = fake.Discover();
    CHECK(after.handle != before.handle);
    CHECK(after.handle->id() == ProcessId{7, 104'200});
    CHECK(after.may_have_run);
    CHECK(after.zombie_since_boot == seconds(1060));
    CHECK(fake.table.size() == 1);
  }
}

TEST_CASE("process_table: who was not in the tree is dropped") {
  Table fake;
  fake.tree[8].parent = 1;
  fake.Begin();
  fake.Accept(7);
  REQUIRE(fake.table.Read(8));
  CHECK(fake.table.size() == 2);
  fake.table.EndGeneration();
  CHECK(fake.table.size() == 1);
  CHECK(fake.table.Find(7) != nullptr);
  CHECK(fake.table.Find(8) == nullptr);
  fake.Begin();
  fake.table.EndGeneration();
  CHECK(fake.table.size() == 0);
}

TEST_CASE("process_table: unseen are those of the discovery before alone") {
  Table fake;
  for (const pid_t pid : {9, 8, 20}) fake.tree[pid].parent = 7;
  fake.Begin();
  CHECK(fake.table.Unseen().empty());
  for (const pid_t pid : {7, 20, 9, 8}) fake.Accept(pid);
  CHECK(fake.table.Unseen().empty());
  fake.table.EndGeneration();
  fake.tree[30].parent = 7;
  fake.Begin();
  fake.Accept(9);
  REQUIRE(fake.table.Read(30));
  CHECK(fake.table.Unseen() == std::vector<pid_t>{7, 8, 20});
}

TEST_CASE("process_table: what one gives back another may keep open") {
  Table fake(1);
  fake.tree[8].parent = 7;
  fake.Begin();
  CHECK(fake.Accept(7).handle->keeps_descriptor());
  CHECK_FALSE(fake.Accept(8).handle->keeps_descriptor());
  fake.table.EndGeneration();
  fake.tree.Erase(7);
  fake.Begin();
  fake.Accept(8);
  fake.table.EndGeneration();
  fake.tree[9].parent = 1;
  fake.Begin();
  CHECK(fake.Accept(9).handle->keeps_descriptor());
}

TEST_CASE("process_table: what cannot be read is an error and is not kept") {
  Table fake;
  fake.Begin();
  const auto gone = fake.table.Read(99);
  REQUIRE_FALSE(gone);
  CHECK(IsGone(gone.error()));
  fake.tree.Write(7, "status", "Name:\tapp\nState:\tS\nPPid:\tx\n");
  const auto torn = fake.table.Read(7);
  REQUIRE_FALSE(torn);
  CHECK(torn.error().code == 0);
  CHECK(torn.error().message == fake.tree.root() + "/7/status:3: bad PPid 'x'");
  CHECK(fake.table.Find(99) == nullptr);
  fake.table.EndGeneration();
  CHECK(fake.table.size() == 0);
}

TEST_CASE("process_table: children files are believed in until told") {
  Table fake;
  CHECK(fake.table.kernel_lists_children());
  fake.table.KernelDoesNotListChildren();
  CHECK_FALSE(fake.table.kernel_lists_children());
}

}  // namespace
}  // namespace leak_exporter
