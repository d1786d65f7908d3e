// The recorded tree of tests/fixtures/proc, through the choice of the target,
// the walk, and the collectors that arrange what it read. The expected values
// are psutil's, of when it was recorded.

#include <chrono>
#include <string>
#include <vector>

#include "config/config.h"
#include "metrics/base/deadline.h"
#include "metrics/collectors/memory.h"
#include "metrics/collectors/process_tree.h"
#include "metrics/procfs/proc_fs.h"
#include "metrics/targets/main_processes.h"
#include "metrics/targets/target_watch.h"
#include "tests/catch.h"
#include "tests/fake_clock.h"

namespace leak_exporter {
namespace {

constexpr pid_t kMain = 27378;
/// 5 seconds after the main process started, at 3496.10.
constexpr std::chrono::milliseconds kSinceBoot{3'501'100};

struct Measured {
  TargetSnapshot snapshot;
  std::vector<CollectorError> errors;
};

Measured Measure(const config::MatchConfig& rules) {
  const procfs::ProcFs fs(LEAK_TEST_FIXTURES "/proc/linux-6.18");
  const FakeClock clock(kSinceBoot);
  config::TargetConfig target;
  target.match = rules;
  TargetWatch watch(target, fs);
  TargetWatch::Discovery discovery =
      watch.Measure(clock, Deadline::Never(clock));
  Measured measured;
  measured.snapshot.main_processes = ListMainProcesses(discovery.tree);
  const Deadline deadline = Deadline::Never(clock);
  std::string buffer;
  ProcessTreeCollector process_tree;
  MemoryCollector memory;
  for (Collector* collector : std::vector<Collector*>{&process_tree, &memory}) {
    REQUIRE(collector->Collect(
        {target, discovery.tree, fs, clock, deadline, buffer},
        measured.snapshot, discovery.errors));
  }
  measured.errors = discovery.errors.errors();
  return measured;
}

TEST_CASE("recorded tree: every descendant, oldest first") {
  config::MatchConfig rules;
  rules.pids = {kMain};
  const Measured measured = Measure(rules);
  CHECK(measured.errors.empty());
  REQUIRE(measured.snapshot.main_processes.size() == 1);
  CHECK(measured.snapshot.main_processes[0].pid == kMain);
  CHECK(measured.snapshot.main_processes[0].start_time_unix_seconds ==
        1'700'003'496.10);

  struct Child {
    pid_t pid;
    char state;
    std::string comm;
    double age_seconds;
  };
  const std::vector<Child> expected = {
      {27380, 'S', "depth1", 4.98},      {27381, 'S', "a) S 1 2 (b", 4.98},
      {27382, 'S', "depth2", 4.98},      {27383, 'S', "depth3", 4.98},
      {27384, 'S', "depth4", 4.98},      {27385, 'S', "two\nlines", 4.98},
      {27386, 'S', "back\\slash", 4.98}, {27387, 'S', "\xff\xfe", 4.98},
      {27388, 'S', " ", 4.98},           {27389, 'T', "python3", 4.98},
      {27390, 'Z', "zombie", 4.97},      {27391, 'Z', "zombie", 4.97},
      {27392, 'Z', "zombie", 4.96},      {27394, 'S', "of a thread", 4.94},
  };
  const ProcessTreeSnapshot& tree = *measured.snapshot.process_tree;
  REQUIRE(tree.children.size() == expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    const ChildProcess& child = tree.children[i];
    CHECK(child.pid == expected[i].pid);
    CHECK(child.main_pid == kMain);
    CHECK(child.state == expected[i].state);
    CHECK(child.comm == expected[i].comm);
    CHECK(child.age_seconds == Approx(expected[i].age_seconds));
    CHECK(child.unreaped_seconds.has_value() == (child.state == 'Z'));
    CHECK(child.unreaped_seconds.value_or(0) == 0);
  }
}

TEST_CASE("recorded tree: memory by scope, zombies adding none") {
  config::MatchConfig rules;
  rules.pids = {kMain};
  const MemorySnapshot memory = *Measure(rules).snapshot.memory;
  CHECK(memory.usage.main.resident_bytes == 10'276'864);
  CHECK(memory.usage.main.threads == 2);
  CHECK(memory.usage.main.anonymous_bytes == 4100 * 1024);
  CHECK(memory.usage.main.file_bytes == 5936 * 1024);
  CHECK(memory.usage.main.shared_bytes == 0);
  CHECK(memory.usage.main.swap_bytes == 0);
  CHECK(memory.peak_resident_bytes == 10'036 * 1024);
  CHECK(memory.usage.children.resident_bytes == 90'546'176);
  CHECK(memory.usage.children.threads == 14);
  CHECK(memory.usage.children.anonymous_bytes == 46'022'656);
  CHECK(memory.usage.children.file_bytes == 44'523'520);
}

TEST_CASE("recorded tree: found by each rule") {
  std::vector<config::MatchConfig> alternatives(4);
  alternatives[0].comms = {"python3"};
  alternatives[1].exes = {"/usr/bin/python3.*"};
  alternatives[2].cmdlines = {R"(make_odd_tree$)"};
  alternatives[3].users = {"root"};
  for (const config::MatchConfig& rules : alternatives) {
    const Measured measured = Measure(rules);
    REQUIRE(measured.snapshot.main_processes.size() == 1);
    CHECK(measured.snapshot.main_processes[0].pid == kMain);
    CHECK(measured.snapshot.process_tree->children.size() == 14);
  }
}

TEST_CASE("recorded tree: a target without a process has empty parts") {
  config::MatchConfig rules;
  rules.pids = {1};
  const Measured measured = Measure(rules);
  CHECK(measured.errors.empty());
  CHECK(measured.snapshot.main_processes.empty());
  CHECK(measured.snapshot.process_tree->children.empty());
  CHECK_FALSE(measured.snapshot.memory->usage.main.resident_bytes);
  CHECK_FALSE(measured.snapshot.memory->usage.main.threads);
  CHECK_FALSE(measured.snapshot.memory->usage.children.threads);
  CHECK_FALSE(measured.snapshot.memory->peak_resident_bytes);
}

}  // namespace
}  // namespace leak_exporter
