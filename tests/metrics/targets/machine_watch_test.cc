#include "metrics/targets/machine_watch.h"

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "tests/catch.h"
#include "tests/fake_clock.h"
#include "tests/fake_tree.h"

namespace leak_exporter {
namespace {

using std::chrono::seconds;
using Pids = std::vector<pid_t>;

std::shared_ptr<const Matcher> ByComm(const std::string& comm) {
  config::MatchConfig rules;
  rules.comms = {comm};
  return std::make_shared<const Matcher>(Matcher::Compile(rules).value());
}

/// A made-up machine that is looked at.
class Watched {
 public:
  std::shared_ptr<const MachineLook> Look(const RuleBook::Rules& rules) {
    tree.Sync();
    return watch_.Look(rules, clock, Deadline::Never(clock));
  }
  std::shared_ptr<const MachineLook> LookTooLate(const RuleBook::Rules& rules) {
    return watch_.Look(rules, clock, Deadline(clock, clock.Now()));
  }

  FakeTree tree;
  FakeClock clock{seconds(1000)};

 private:
  procfs::ProcFs fs_ = tree.fs();
  MachineWatch watch_{fs_};
};

TEST_CASE("machine watch: processes, parents, and who matches what") {
  Watched watched;
  watched.tree[1].parent = 0;
  watched.tree[1].comm = "init";
  watched.tree[10].comm = "app";
  watched.tree[11].parent = 10;
  watched.tree[9].parent = 10;
  watched.tree[12].comm = "shell";
  const auto app = ByComm("app");
  const auto shell = ByComm("shell");
  const auto none = ByComm("none");
  const auto look = watched.Look({app, shell, none});
  CHECK(look->began() == watched.clock.Now());
  CHECK_FALSE(look->incomplete());
  REQUIRE(look->Find(11) != nullptr);
  CHECK(look->Find(11)->parent_pid == 10);
  CHECK(look->Find(13) == nullptr);
  const auto children = look->ChildrenOf(10);
  CHECK(Pids(children.begin(), children.end()) == Pids{9, 11});
  CHECK(look->ChildrenOf(11).empty());
  REQUIRE(look->Find(*app) != nullptr);
  CHECK(look->Find(*app)->matches == Pids{9, 10, 11});
  CHECK(look->Find(*shell)->matches == Pids{12});
  CHECK(look->Find(*none)->matches.empty());
  CHECK(look->Find(*ByComm("app")) == nullptr);
}

TEST_CASE("machine watch: rules that come and go") {
  Watched watched;
  watched.tree[10].comm = "app";
  const auto app = ByComm("app");
  const auto shell = ByComm("shell");
  CHECK(watched.Look({app})->Find(*app)->matches == Pids{10});
  CHECK(watched.Look({shell, app})->Find(*app)->matches == Pids{10});
  const auto look = watched.Look({shell});
  CHECK(look->Find(*app) == nullptr);
  CHECK(look->Find(*shell)->matches.empty());
  CHECK_FALSE(watched.Look({})->incomplete());
}

TEST_CASE("machine watch: a look that is cut off says so") {
  Watched watched;
  watched.tree[10].comm = "app";
  watched.tree.Sync();
  CHECK(watched.LookTooLate({ByComm("app")})->incomplete());
}

TEST_CASE(
    "machine watch: what cannot be read is counted, what is gone is not") {
  Watched watched;
  watched.tree[10].comm = "app";
  watched.tree[11].comm = "app";
  watched.tree[12].comm = "app";
  const auto app = ByComm("app");
  watched.Look({app});
  watched.tree.Write(10, "stat", "torn");
  std::filesystem::remove(watched.tree.root() + "/11/stat");
  const procfs::ProcFs fs = watched.tree.fs();
  MachineWatch watch(fs);
  const auto seen =
      watch.Look({app}, watched.clock, Deadline::Never(watched.clock));
  CHECK(seen->Find(*app)->matches == Pids{12});
  REQUIRE(seen->errors().errors().size() == 1);
  CHECK(seen->errors().errors()[0].cause == ErrorCause::kMalformed);
  CHECK(seen->errors().errors()[0].count == 1);
}

}  // namespace
}  // namespace leak_exporter
