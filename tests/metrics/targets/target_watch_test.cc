#include "metrics/targets/target_watch.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "config/config.h"
#include "metrics/base/deadline.h"
#include "tests/catch.h"
#include "tests/fake_clock.h"
#include "tests/fake_tree.h"
#include "tests/metrics/targets/match_rules.h"
#include "tests/metrics/targets/watched_target.h"

namespace leak_exporter {
namespace {

using config::MatchConfig;
using std::chrono::seconds;

TEST_CASE("target: processes that start and end between discoveries") {
  WatchedTarget watched(ByComm("app"));
  watched.SyncAndMeasure();
  CHECK(watched.mains().empty());
  watched.tree[10].parent = 1;
  watched.tree[20].parent = 1;
  watched.tree[21].parent = 20;
  watched.tree[30].parent = 1;
  watched.tree[30].comm = "other";
  watched.SyncAndMeasure();
  CHECK(watched.mains() == Pids{10, 20});
  CHECK(watched.descendants() == Pids{21});
  watched.tree.Erase(20);
  watched.tree[21].parent = 1;
  watched.SyncAndMeasure();
  // The orphan matches by itself.
  CHECK(watched.mains() == Pids{10, 21});
  CHECK(watched.descendants().empty());
  CHECK(watched.errors().empty());
}

TEST_CASE("target: a match below a match belongs to the topmost one's tree") {
  WatchedTarget watched(ByComm("app"));
  watched.tree[10].parent = 1;
  watched.tree[11].parent = 10;
  watched.tree[12].parent = 11;
  watched.tree[12].comm = "shell";
  watched.tree[13].parent = 12;
  for (int generation = 0; generation < 2; ++generation) {
    watched.SyncAndMeasure();
    CHECK(watched.mains() == Pids{10});
    CHECK(watched.descendants() == Pids{11, 12, 13});
    CHECK(watched.main_of(13) == 10);
  }
}

TEST_CASE("target: an ancestor that comes to match takes the tree over") {
  WatchedTarget watched(ByComm("app"));
  watched.tree[5].parent = 1;
  watched.tree[5].comm = "shell";
  watched.tree[6].parent = 5;
  watched.tree[6].comm = "shell";
  watched.tree[10].parent = 6;
  watched.tree[11].parent = 10;
  watched.SyncAndMeasure();
  REQUIRE(watched.mains() == Pids{10});
  watched.tree[5].comm = "app";
  for (int generation = 0; generation < 2; ++generation) {
    watched.SyncAndMeasure();
    CHECK(watched.mains() == Pids{5});
    CHECK(watched.descendants() == Pids{6, 10, 11});
    CHECK(watched.main_of(10) == 5);
    CHECK(watched.main_of(11) == 5);
  }
  // And when it stops, what matches below stands for itself again.
  watched.tree[5].comm = "shell";
  watched.SyncAndMeasure();
  CHECK(watched.mains() == Pids{10});
  CHECK(watched.descendants() == Pids{11});
  CHECK(watched.main_of(11) == 10);
}

TEST_CASE("target: a matched process that calls exec is matched afresh") {
  WatchedTarget watched(ByCmdline("agent"));
  watched.tree[10].cmdline = "agent";
  watched.SyncAndMeasure();
  REQUIRE(watched.mains() == Pids{10});
  // Long after its start, so that nothing but the exec asks for a look.
  watched.clock.Advance(seconds(300));
  watched.SyncAndMeasure();
  watched.clock.Advance(seconds(5));
  watched.tree[10].cmdline = "shell";
  watched.tree[10].start_stack = 8000;
  watched.SyncAndMeasure();
  CHECK(watched.mains().empty());
  watched.clock.Advance(seconds(5));
  watched.tree[10].cmdline = "agent";
  watched.tree[10].start_stack = 9000;
  watched.SyncAndMeasure();
  CHECK(watched.mains() == Pids{10});
}

TEST_CASE("target: what waits to be reaped does not match") {
  MatchConfig by_pid;
  by_pid.pids = {10};
  for (const MatchConfig& rules : {ByComm("app"), by_pid}) {
    WatchedTarget watched(rules);
    watched.tree[10].state = 'Z';
    watched.SyncAndMeasure();
    CHECK(watched.mains().empty());
    // Its leader ended, its threads did not.
    watched.tree[10].threads = 4;
    watched.SyncAndMeasure();
    CHECK(watched.mains() == Pids{10});
  }
}

TEST_CASE("target: kernel threads that do not match are looked at once") {
  constexpr uint32_t kKernelThread = 0x00200000;
  WatchedTarget watched(ByComm("app"));
  for (const pid_t pid : {2, 3}) {
    watched.tree[pid].parent = 0;
    watched.tree[pid].flags = kKernelThread;
    watched.tree[pid].start_stack = 0;
  }
  watched.tree[3].comm = "kworker";
  watched.SyncAndMeasure();
  CHECK(watched.mains() == Pids{2});
  watched.tree[3].comm = "app";
  watched.SyncAndMeasure();
  CHECK(watched.mains() == Pids{2});
  // Another process is, by whatever pid.
  watched.tree.Erase(3);
  watched.SyncAndMeasure();
  watched.tree[3].comm = "app";
  watched.tree[3].start_time_ticks = 200;
  watched.SyncAndMeasure();
  CHECK(watched.mains() == Pids{2, 3});
}

TEST_CASE("target: several choose from one look at the machine") {
  FakeTree tree;
  tree[1].parent = 0;
  tree[10].comm = "app";
  tree[20].comm = "shell";
  tree.Sync();
  const procfs::ProcFs fs = tree.fs();
  const FakeClock clock(seconds(1000));
  config::TargetConfig target;
  target.match = ByComm("app");
  TargetWatch apps(target, fs);
  target.match = ByComm("shell");
  TargetWatch shells(target, fs);
  MachineWatch machine(fs);
  RuleBook::Rules rules;
  std::shared_ptr<const MachineLook> look;
  const auto measure = [&](TargetWatch& target_watch) {
    return target_watch.Measure(
        clock, Deadline::Never(clock),
        [&](const std::shared_ptr<const Matcher>& matcher, const Deadline& d) {
          if (look == nullptr || look->Find(*matcher) == nullptr) {
            rules.push_back(matcher);
            look = machine.Look(rules, clock, d);
          }
          return look;
        });
  };
  REQUIRE(measure(apps).tree.main.size() == 1);
  REQUIRE(measure(shells).tree.main.size() == 1);
  // Nobody reads these again for the same look.
  std::ofstream(tree.root() + "/1/stat") << "torn";
  std::ofstream(tree.root() + "/10/stat") << "torn";
  const auto discovery = measure(shells);
  REQUIRE(discovery.tree.main.size() == 1);
  CHECK(discovery.tree.main[0].pid() == 20);
  CHECK(discovery.errors.errors().empty());
  look = machine.Look(rules, clock, Deadline::Never(clock));
  const auto torn = measure(shells);
  REQUIRE(torn.errors.errors().size() == 1);
  CHECK(torn.errors.errors()[0].cause == ErrorCause::kMalformed);
  CHECK(torn.errors.errors()[0].count == 2);
}

TEST_CASE("target: odd names match byte by byte") {
  for (const std::string comm : {"a) S 1", "\xff\xfe", "x\ty", " "}) {
    WatchedTarget watched(ByComm(comm));
    watched.tree[10].comm = comm;
    watched.SyncAndMeasure();
    CHECK(watched.mains() == Pids{10});
  }
}

TEST_CASE(
    "target watch: a search beyond its deadline finds nothing, and says so") {
  WatchedTarget watched(ByComm("app"));
  watched.tree[100].comm = "app";
  watched.tree[101].parent = 100;
  watched.tree[101].state = 'Z';
  watched.SyncAndMeasure();
  REQUIRE(watched.descendants() == Pids{101});
  watched.MeasureTooLate();
  CHECK(watched.incomplete());
  CHECK(watched.mains().empty());
  CHECK(watched.descendants().empty());
  REQUIRE(watched.errors().size() == 1);
  CHECK(watched.errors()[0].cause == ErrorCause::kTimeout);

  // What was remembered is not forgotten: the zombie is as old as it was.
  watched.clock.Advance(seconds(30));
  watched.SyncAndMeasure();
  CHECK_FALSE(watched.incomplete());
  CHECK(watched.mains() == Pids{100});
  CHECK(watched.zombie_since(101) == seconds(1000));
}

TEST_CASE(
    "target watch: a search without descriptors finds nothing, and says so") {
  MatchConfig by_pid;
  by_pid.pids = {100};
  for (const MatchConfig& rules : {ByComm("app"), by_pid}) {
    WatchedTarget watched(rules);
    watched.tree[100].comm = "app";
    watched.tree[101].parent = 100;
    watched.SyncAndMeasure();
    REQUIRE(watched.descendants() == Pids{101});
    watched.MeasureWithoutDescriptors();
    CHECK(watched.incomplete());
    CHECK(watched.mains().empty());
    CHECK(watched.descendants().empty());
    REQUIRE(watched.errors().size() == 1);
    CHECK(watched.errors()[0].cause == ErrorCause::kLimit);

    watched.SyncAndMeasure();
    CHECK_FALSE(watched.incomplete());
    CHECK(watched.mains() == Pids{100});
    CHECK(watched.descendants() == Pids{101});
  }
}

TEST_CASE("target: the exporter and its helpers match no rule") {
  MatchConfig rules;
  rules.cmdlines = {"leak_exporter"};
  WatchedTarget watched(rules);
  constexpr pid_t kExporter = 50;
  for (const pid_t pid : {kExporter, 51, 52, 53}) {
    watched.tree[pid].cmdline = "leak_exporter";
  }
  watched.tree[51].parent = kExporter;
  watched.tree[51].comm = "leak_exp_helper";
  // A target that a script started before it became the exporter.
  watched.tree[52].parent = kExporter;
  // Another exporter's helper.
  watched.tree[53].comm = "leak_exp_helper";
  std::filesystem::create_directory_symlink(std::to_string(kExporter),
                                            watched.tree.root() + "/self");
  watched.SyncAndMeasure();
  CHECK(watched.mains() == Pids{52, 53});
}

TEST_CASE("targets: too many descendants leave the main processes known") {
  MatchConfig rules;
  rules.comms = {"app"};
  WatchedTarget watched(rules, {.most_processes = 4});
  watched.tree[10].comm = "app";
  for (pid_t pid = 11; pid < 20; ++pid) {
    watched.tree[pid].parent = 10;
    watched.tree[pid].comm = "child";
  }
  watched.tree[30].comm = "app";
  watched.SyncAndMeasure();
  CHECK_FALSE(watched.incomplete());
  CHECK(watched.mains() == Pids{10, 30});
  CHECK(watched.descendants().empty());
  for (pid_t pid = 13; pid < 20; ++pid) watched.tree.Erase(pid);
  watched.SyncAndMeasure();
  CHECK(watched.mains() == Pids{10, 30});
  CHECK(watched.descendants() == Pids{11, 12});
}

TEST_CASE("targets: too many main processes are none that can be relied on") {
  MatchConfig rules;
  rules.comms = {"app"};
  WatchedTarget watched(rules, {.most_processes = 4});
  for (pid_t pid = 10; pid < 15; ++pid) watched.tree[pid].comm = "app";
  watched.SyncAndMeasure();
  CHECK(watched.incomplete());
  CHECK(watched.mains().empty());
  watched.tree.Erase(14);
  watched.SyncAndMeasure();
  CHECK_FALSE(watched.incomplete());
  CHECK(watched.mains() == Pids{10, 11, 12, 13});
}

}  // namespace
}  // namespace leak_exporter
