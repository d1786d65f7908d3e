#include "exporter/schedule/machine_looks.h"

#include <chrono>
#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "tests/catch.h"
#include "tests/exporter/schedule/manual_clock.h"
#include "tests/fake_tree.h"

namespace leak_exporter {
namespace {

using std::chrono::seconds;

std::shared_ptr<const Matcher> ByComm(const std::string& comm) {
  config::MatchConfig rules;
  rules.comms = {comm};
  return std::make_shared<const Matcher>(Matcher::Compile(rules).value());
}

/// A made-up machine with two processes, looked at by several searches.
class Bench {
 public:
  Bench() {
    tree[1].comm = "app";
    tree[2].comm = "shell";
    tree.Sync();
  }

  std::shared_ptr<const MachineLook> Look(
      const std::shared_ptr<const Matcher>& matcher,
      std::chrono::steady_clock::time_point asked) {
    const Deadline deadline = Deadline::After(clock, seconds(1));
    return looks.Look(matcher, target, {clock, deadline, asked});
  }

  FakeTree tree;
  ManualClock clock;
  const procfs::ProcFs fs = tree.fs();
  MachineLooks looks{fs};
  std::shared_ptr<const int> target = std::make_shared<const int>();
};

TEST_CASE("machine looks: who asks at the same time shares one look") {
  Bench bench;
  const auto app = ByComm("app");
  const auto shell = ByComm("shell");
  const auto asked = bench.clock.Now();
  const auto first = bench.Look(app, asked);
  REQUIRE(first != nullptr);
  CHECK(first->Find(*app)->matches == std::vector<pid_t>{1});
  // It does not judge by a matcher that it did not know.
  const auto both = bench.Look(shell, asked);
  REQUIRE(both != nullptr);
  CHECK(both != first);
  CHECK(both->Find(*app)->matches == std::vector<pid_t>{1});
  CHECK(both->Find(*shell)->matches == std::vector<pid_t>{2});
  CHECK(bench.Look(app, asked) == both);
  CHECK(bench.Look(shell, asked) == both);
}

TEST_CASE("machine looks: what was asked later is looked for again") {
  Bench bench;
  const auto app = ByComm("app");
  const auto first = bench.Look(app, bench.clock.Now());
  bench.clock.Advance(seconds(1));
  const auto second = bench.Look(app, bench.clock.Now());
  REQUIRE(second != nullptr);
  CHECK(second != first);
  CHECK(second->began() == bench.clock.Now());
}

TEST_CASE(
    "machine looks: rules of targets that are gone are judged by no more") {
  Bench bench;
  const auto app = ByComm("app");
  const auto shell = ByComm("shell");
  bench.looks.Add(shell, bench.target);
  const auto other = std::make_shared<const int>();
  const Deadline never = Deadline::Never(bench.clock);
  const auto look = [&] {
    bench.clock.Advance(seconds(1));
    return bench.looks.Look(app, other,
                            {bench.clock, never, bench.clock.Now()});
  };
  CHECK(look()->Find(*shell) != nullptr);
  bench.target.reset();
  CHECK(look()->Find(*shell) == nullptr);
}

TEST_CASE("machine looks: many threads get looks that are new enough") {
  Bench bench;
  const auto app = ByComm("app");
  const auto shell = ByComm("shell");
  const auto asked = bench.clock.Now();
  std::vector<std::future<std::shared_ptr<const MachineLook>>> answers;
  for (int i = 0; i < 16; ++i) {
    answers.push_back(std::async(std::launch::async, [&, i] {
      return bench.Look(i % 2 == 0 ? app : shell, asked);
    }));
  }
  for (size_t i = 0; i < answers.size(); ++i) {
    const auto look = answers[i].get();
    REQUIRE(look != nullptr);
    CHECK(look->began() >= asked);
    CHECK(look->Find(i % 2 == 0 ? *app : *shell) != nullptr);
  }
}

TEST_CASE("machine looks: after the deadline there is none") {
  Bench bench;
  const auto app = ByComm("app");
  const Deadline over(bench.clock, bench.clock.Now());
  CHECK(bench.looks.Look(app, bench.target,
                         {bench.clock, over, bench.clock.Now()}) == nullptr);
}

}  // namespace
}  // namespace leak_exporter
