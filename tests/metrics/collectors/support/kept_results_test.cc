#include "metrics/collectors/support/kept_results.h"

#include <string>

#include "tests/catch.h"
#include "tests/collect.h"
#include "tests/fake_tree.h"

namespace leak_exporter {
namespace {

/// Processes 7 and 8, in a tree whose generation a test sets.
struct Machine {
  Machine() {
    fake[7].start_time_ticks = 100;
    fake[8].start_time_ticks = 100;
    fake.Sync();
  }

  ProcessSample Sample(pid_t pid, uint64_t last_run_generation) {
    ProcessSample sample = SampleOf(fake.fs(), pid);
    sample.last_run_generation = last_run_generation;
    return sample;
  }

  FakeTree fake;
  ProcessTree tree;
};

TEST_CASE(
    "kept_results: what was read is kept until the process may have run") {
  Machine machine;
  KeptResults<std::string> kept;
  machine.tree.generation = 4;
  CHECK(kept.Find(machine.tree, machine.Sample(7, 4)) == nullptr);
  CHECK(kept.Keep(machine.tree, machine.Sample(7, 4), "seven") == "seven");
  kept.EndGeneration(machine.tree);

  machine.tree.generation = 5;
  const std::string* const found =
      kept.Find(machine.tree, machine.Sample(7, 4));
  REQUIRE(found != nullptr);
  CHECK(*found == "seven");
  CHECK(kept.Find(machine.tree, machine.Sample(8, 4)) == nullptr);
  // In a discovery that did not ask for this result, too.
  CHECK(kept.Find(machine.tree, machine.Sample(7, 5)) == nullptr);
}

TEST_CASE("kept_results: a new result takes the place of the one before") {
  Machine machine;
  KeptResults<int> kept;
  machine.tree.generation = 1;
  kept.Keep(machine.tree, machine.Sample(7, 1), 1);
  machine.tree.generation = 2;
  kept.Keep(machine.tree, machine.Sample(7, 2), 2);
  int* const found = kept.Find(machine.tree, machine.Sample(7, 2));
  REQUIRE(found != nullptr);
  CHECK(*found == 2);
  // The caller may bring it up to date in its place.
  *found = 3;
  CHECK(*kept.Find(machine.tree, machine.Sample(7, 1)) == 3);
}

TEST_CASE("kept_results: who was not asked for in a discovery is forgotten") {
  Machine machine;
  KeptResults<int> kept;
  machine.tree.generation = 1;
  kept.Keep(machine.tree, machine.Sample(7, 1), 7);
  kept.Keep(machine.tree, machine.Sample(8, 1), 8);
  kept.EndGeneration(machine.tree);
  machine.tree.generation = 2;
  CHECK(kept.Find(machine.tree, machine.Sample(7, 1)) != nullptr);
  kept.EndGeneration(machine.tree);
  machine.tree.generation = 3;
  CHECK(kept.Find(machine.tree, machine.Sample(7, 1)) != nullptr);
  CHECK(kept.Find(machine.tree, machine.Sample(8, 1)) == nullptr);
}

TEST_CASE("kept_results: a reused pid is another process") {
  Machine machine;
  KeptResults<int> kept;
  machine.tree.generation = 1;
  kept.Keep(machine.tree, machine.Sample(7, 1), 7);
  machine.fake[7].start_time_ticks = 101;
  machine.fake.Sync();
  machine.tree.generation = 2;
  CHECK(kept.Find(machine.tree, machine.Sample(7, 1)) == nullptr);
}

}  // namespace
}  // namespace leak_exporter
