#include <filesystem>
#include <fstream>

#include "config/config.h"
#include "tests/catch.h"
#include "tests/metrics/targets/match_rules.h"
#include "tests/metrics/targets/watched_target.h"
#include "tests/scratch_directory.h"

namespace leak_exporter {
namespace {

using config::MatchConfig;

TEST_CASE("target: the exporter does not match unless it is named") {
  MatchConfig by_pid;
  by_pid.pids = {10};
  for (const bool named : {false, true}) {
    WatchedTarget watched(named ? by_pid : ByComm("app"));
    watched.tree[10].parent = 1;
    watched.tree.Sync();
    std::filesystem::create_symlink("10", watched.tree.root() + "/self");
    watched.SyncAndMeasure();
    CHECK(watched.mains() == (named ? Pids{10} : Pids{}));
  }
}

TEST_CASE("target: one named by number must hold the other conditions too") {
  MatchConfig rules = ByComm("app");
  rules.pids = {10, 20, 77};
  WatchedTarget watched(rules);
  watched.tree[10].comm = "app";
  watched.tree[20].comm = "shell";
  watched.tree[30].comm = "app";
  watched.SyncAndMeasure();
  CHECK(watched.mains() == Pids{10});
  CHECK(watched.errors().empty());
}

TEST_CASE("target: one named by number looks at no other process") {
  MatchConfig rules;
  rules.pids = {10};
  WatchedTarget watched(rules);
  watched.tree[10].parent = 1;
  watched.tree[20].parent = 1;
  watched.tree.Sync();
  // Reading either would be a counted error.
  std::ofstream(watched.tree.root() + "/20/stat") << "torn";
  std::ofstream(watched.tree.root() + "/1/stat") << "torn";
  watched.SyncAndMeasure();
  CHECK(watched.mains() == Pids{10});
  CHECK(watched.errors().empty());
}

TEST_CASE("target: several named by number, one below the other") {
  MatchConfig rules;
  rules.pids = {12, 10};
  WatchedTarget watched(rules);
  watched.tree[10].parent = 1;
  watched.tree[11].parent = 10;
  watched.tree[12].parent = 11;
  watched.SyncAndMeasure();
  CHECK(watched.mains() == Pids{10});
  CHECK(watched.descendants() == Pids{11, 12});
}

TEST_CASE("target: a pid file that changes hands") {
  const ScratchDirectory directory;
  MatchConfig rules;
  rules.pid_files = {directory.path() + "/app.pid"};
  WatchedTarget watched(rules);
  watched.tree[10].parent = 1;
  watched.tree[20].parent = 1;
  watched.SyncAndMeasure();
  CHECK(watched.mains().empty());
  CHECK(watched.errors().empty());
  std::ofstream(rules.pid_files[0]) << "10\n";
  watched.SyncAndMeasure();
  CHECK(watched.mains() == Pids{10});
  std::ofstream(rules.pid_files[0]) << "20\n";
  watched.SyncAndMeasure();
  CHECK(watched.mains() == Pids{20});
}

TEST_CASE(
    "target: rules that cannot be applied are an error in every discovery") {
  MatchConfig rules;
  rules.users = {"no-such-user-here"};
  WatchedTarget watched(rules);
  watched.tree[10].parent = 1;
  for (int generation = 0; generation < 2; ++generation) {
    watched.SyncAndMeasure();
    CHECK(watched.mains().empty());
    REQUIRE(watched.errors().size() == 1);
    CHECK(watched.errors()[0].message ==
          "user 'no-such-user-here' is not known here");
  }
}

}  // namespace
}  // namespace leak_exporter
