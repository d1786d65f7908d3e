#include <sys/types.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/metrics/targets/watched_tree.h"

namespace leak_exporter {
namespace {

using std::chrono::seconds;

TEST_CASE("tree: all descendants, recursively, and nobody else") {
  Watched watched;
  for (pid_t pid = 101; pid < 110; ++pid) watched.tree[pid].parent = pid - 1;
  watched.tree[50].parent = 1;
  watched.tree[201].parent = kMain;
  const ProcessTree& tree = watched.SyncAndMeasure();
  REQUIRE(tree.main.size() == 1);
  CHECK(tree.main[0].pid() == kMain);
  CHECK(tree.main[0].main_pid == kMain);
  CHECK(tree.main[0].status.name == "main");
  CHECK(watched.descendants() ==
        Pids{101, 102, 103, 104, 105, 106, 107, 108, 109, 201});
  for (const ProcessSample& sample : tree.descendants) {
    CHECK(sample.main_pid == kMain);
    CHECK(sample.may_have_run);
    CHECK(sample.start_since_boot == seconds(1));
    CHECK(sample.start_time_unix_seconds == 1'700'000'001.0);
  }
  CHECK(watched.causes().empty());
}

TEST_CASE("tree: children of every thread of a parent") {
  Watched watched;
  watched.tree[kMain].threads = 2;
  watched.tree[101].parent = kMain;
  watched.tree[102].parent = kMain;
  watched.tree.Sync();
  watched.tree.WriteChildren(kMain, "101 ");
  watched.tree.Write(kMain, "task/177/children", "102 ");
  watched.Measure();
  CHECK(watched.descendants() == Pids{101, 102});
}

TEST_CASE("tree: a target without a process has an empty one") {
  Watched watched;
  watched.tree.Erase(kMain);
  watched.tree[101].parent = kMain;
  const ProcessTree& tree = watched.SyncAndMeasure();
  CHECK(tree.main.empty());
  CHECK(tree.descendants.empty());
  CHECK(watched.causes().empty());
}

TEST_CASE("tree: a child that a list leaves out is confirmed and stays") {
  Watched watched;
  watched.tree[101].parent = kMain;
  watched.tree[102].parent = kMain;
  watched.tree[103].parent = 102;
  watched.tree[104].parent = 103;
  watched.SyncAndMeasure();
  REQUIRE(watched.descendants() == Pids{101, 102, 103, 104});

  watched.tree.WriteChildren(kMain, "101 ");
  watched.Measure();
  CHECK(watched.descendants() == Pids{101, 102, 103, 104});
  CHECK(watched.sample(104).main_pid == kMain);

  // Left out of two lists, one below the other.
  watched.tree.WriteChildren(kMain, "");
  watched.tree.WriteChildren(102, "");
  watched.Measure();
  CHECK(watched.descendants() == Pids{101, 102, 103, 104});
}

TEST_CASE("tree: a child that ended is gone, and its children with it") {
  Watched watched;
  watched.tree[101].parent = kMain;
  watched.tree[102].parent = kMain;
  watched.tree[103].parent = 102;
  watched.SyncAndMeasure();
  watched.tree.Erase(102);
  watched.tree[103].parent = 1;
  watched.SyncAndMeasure();
  CHECK(watched.descendants() == Pids{101});
  CHECK(watched.causes().empty());
}

TEST_CASE("tree: an orphan goes where its PPid says") {
  Watched watched;
  watched.tree[101].parent = kMain;
  watched.tree[102].parent = 101;
  watched.tree[103].parent = 102;
  watched.SyncAndMeasure();
  REQUIRE(watched.descendants() == Pids{101, 102, 103});

  // To the main process, which asked for orphans.
  watched.tree.Erase(102);
  watched.tree[103].parent = kMain;
  watched.SyncAndMeasure();
  CHECK(watched.descendants() == Pids{101, 103});

  // To init, while the list of its former parent was read just before.
  watched.tree[103].parent = 1;
  watched.tree.Sync();
  watched.tree.WriteChildren(kMain, "101 103 ");
  watched.Measure();
  CHECK(watched.descendants() == Pids{101});
}

TEST_CASE("tree: one listed by a former parent is found below its new one") {
  Watched watched;
  watched.tree[101].parent = kMain;
  watched.tree[102].parent = 101;
  watched.tree.Sync();
  watched.tree.WriteChildren(kMain, "101 102 ");
  watched.tree.WriteChildren(101, "");
  watched.Measure();
  CHECK(watched.descendants() == Pids{101, 102});
  CHECK(watched.sample(102).status.parent_pid == 101);
}

TEST_CASE("tree: a reused pid is another process") {
  for (const size_t most_descriptors : {size_t{100}, size_t{0}}) {
    Watched watched(
        {.most_processes = 100, .most_descriptors = most_descriptors});
    watched.tree[101].parent = kMain;
    watched.tree[101].state = 'Z';
    watched.tree[102].parent = kMain;
    watched.SyncAndMeasure();
    REQUIRE(watched.sample(101).zombie_since_boot == seconds(1000));
    const auto before = watched.sample(101).handle;

    watched.clock.Advance(seconds(60));
    watched.tree[101].start_time_ticks = 104'200;
    watched.tree[102].start_time_ticks = 104'300;
    watched.tree[102].parent = 1;
    watched.SyncAndMeasure();
    CHECK(watched.descendants() == Pids{101});
    const ProcessSample& reused = watched.sample(101);
    CHECK(reused.handle != before);
    CHECK(reused.handle->id() == ProcessId{101, 104'200});
    CHECK(reused.zombie_since_boot == seconds(1060));
    CHECK(reused.start_since_boot == seconds(1042));
    CHECK(reused.start_time_unix_seconds == 1'700'001'042.0);
    CHECK(reused.may_have_run);
    std::string buffer;
    CHECK(IsGone(before->Read("status", buffer).error()));
  }
}

TEST_CASE("tree: a reused main pid takes nothing over") {
  Watched watched;
  watched.tree[101].parent = kMain;
  watched.SyncAndMeasure();
  watched.tree.Erase(101);
  watched.tree[kMain].start_time_ticks = 5000;
  watched.clock.StepWallTime(seconds(7));
  const ProcessTree& tree = watched.SyncAndMeasure();
  REQUIRE(tree.main.size() == 1);
  CHECK(tree.main[0].start_time_unix_seconds == 1'700'000'057.0);
  CHECK(tree.descendants.empty());
}

TEST_CASE("tree: who had no children and has not run is not asked again") {
  Watched watched;
  watched.tree[101].parent = kMain;
  watched.SyncAndMeasure();
  watched.tree[102].parent = 101;
  watched.SyncAndMeasure();
  CHECK(watched.descendants() == Pids{101});
  watched.tree[101].context_switches = 11;
  watched.SyncAndMeasure();
  CHECK(watched.descendants() == Pids{101, 102});
  // It is asked from now on: an ancestor can be given orphans in its sleep.
  watched.tree[103].parent = 101;
  watched.SyncAndMeasure();
  CHECK(watched.descendants() == Pids{101, 102, 103});
}

TEST_CASE("tree: pid 1 of a pid namespace can adopt without having run") {
  Watched watched;
  watched.tree[101].parent = kMain;
  watched.tree[101].namespace_pid = 1;
  watched.SyncAndMeasure();
  watched.tree[102].parent = 101;
  watched.SyncAndMeasure();
  CHECK(watched.descendants() == Pids{101, 102});
}

TEST_CASE("tree: a leader that ended while its threads live has children") {
  Watched watched;
  watched.tree[101].parent = kMain;
  watched.tree[101].state = 'Z';
  watched.tree[101].threads = 3;
  watched.tree[102].parent = 101;
  watched.tree.Sync();
  watched.tree.WriteChildren(101, "");
  watched.tree.Write(101, "task/188/children", "102 ");
  watched.Measure();
  CHECK(watched.descendants() == Pids{101, 102});
}

TEST_CASE("tree: lists that lead in circles end") {
  Watched watched;
  watched.tree[101].parent = kMain;
  watched.tree[102].parent = 101;
  watched.tree.Sync();
  watched.tree.WriteChildren(102, "100 101 102 ");
  watched.tree.WriteChildren(101, "102 101 100 102 ");
  const ProcessTree& tree = watched.Measure();
  CHECK(tree.main.size() == 1);
  CHECK(watched.descendants() == Pids{101, 102});
}

TEST_CASE("tree: what is beyond the bound is one counted error") {
  Watched watched({.most_processes = 3, .most_descriptors = 100});
  for (pid_t pid = 101; pid < 110; ++pid) watched.tree[pid].parent = kMain;
  const ProcessTree& tree = watched.SyncAndMeasure();
  CHECK(tree.main.size() == 1);
  CHECK_FALSE(tree.whole);
  CHECK(tree.descendants.empty());
  CHECK(watched.causes() == std::vector<std::string>{"limit 1"});
  CHECK(watched.errors().errors()[0].message ==
        "more than 3 processes in the target's tree");
  for (pid_t pid = 103; pid < 110; ++pid) watched.tree.Erase(pid);
  CHECK(watched.SyncAndMeasure().whole);
  CHECK(watched.descendants() == Pids{101, 102});
  CHECK(watched.causes().empty());
}

TEST_CASE("tree: beyond the kept descriptors processes are read by path") {
  Watched watched({.most_processes = 100, .most_descriptors = 2});
  for (pid_t pid = 101; pid < 105; ++pid) watched.tree[pid].parent = kMain;
  const auto kept = [&] {
    const auto& descendants = watched.Measure().descendants;
    return std::count_if(descendants.begin(), descendants.end(),
                         [](const ProcessSample& sample) {
                           return sample.handle->keeps_descriptor();
                         });
  };
  watched.tree.Sync();
  CHECK(kept() == 1);
  CHECK(watched.descendants() == Pids{101, 102, 103, 104});
  CHECK(kept() == 1);
  // What one gave back another may keep.
  watched.tree.Erase(101);
  watched.tree.Sync();
  watched.Measure();
  watched.tree[106].parent = kMain;
  watched.tree.Sync();
  CHECK(kept() == 1);
  CHECK(watched.descendants() == Pids{102, 103, 104, 106});
}

TEST_CASE("tree: a kernel without children files is scanned instead") {
  Watched watched;
  watched.tree[101].parent = kMain;
  watched.tree[102].parent = 101;
  watched.tree[50].parent = 1;
  const auto remove_lists = [&] {
    watched.tree.Sync();
    for (const pid_t pid : {1, 50, 100, 101, 102}) {
      std::filesystem::remove(watched.tree.root() + "/" + std::to_string(pid) +
                              "/task/" + std::to_string(pid) + "/children");
    }
  };
  remove_lists();
  watched.Measure();
  CHECK(watched.descendants() == Pids{101, 102});
  CHECK(watched.causes().empty());
  watched.tree[102].parent = 1;
  remove_lists();
  watched.Measure();
  CHECK(watched.descendants() == Pids{101});
}

}  // namespace
}  // namespace leak_exporter
