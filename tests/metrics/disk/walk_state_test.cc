#include "metrics/disk/walk_state.h"

#include <limits.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "metrics/base/clock.h"
#include "tests/catch.h"
#include "tests/fake_clock.h"

namespace leak_exporter {
namespace {

using std::chrono::seconds;

/// A walk that ends at 1010 s, of which this thread is one worker.
struct Walk {
  explicit Walk(const MeasureOptions& chosen = {}) : options(chosen) {
    state.AddWorker();
  }

  MeasureOptions options;
  FakeClock clock{seconds(1000)};
  Deadline deadline = Deadline::After(clock, seconds(10));
  FileRoot root = FileRoot::Own();
  WalkState state{root, options, deadline, 42};
};

WalkedDirectory Named(const std::string& name) {
  WalkedDirectory directory;
  directory.name = name;
  return directory;
}

/// Waits until the other worker waits.
bool AwaitIdle(const WalkState& state) {
  const auto end = std::chrono::steady_clock::now() + seconds(30);
  while (!state.SomeoneIsIdle()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

TEST_CASE("walk_state: it holds what the walk is about") {
  const Walk walk({.max_depth = 7});
  CHECK(walk.state.device() == 42);
  CHECK(walk.state.options().max_depth == 7);
  CHECK(walk.state.root().own());
  CHECK_FALSE(walk.state.stopped());
  CHECK_FALSE(walk.state.error());
}

TEST_CASE("walk_state: one worker takes all that is on offer and then ends") {
  Walk walk;
  CHECK_FALSE(walk.state.SomeoneIsIdle());
  walk.state.Offer(Named("a"));
  walk.state.Offer(Named("b"));
  std::string taken;
  while (auto directory = walk.state.Take()) taken += directory->name;
  CHECK(taken == "ba");
  CHECK_FALSE(walk.state.error());
}

TEST_CASE("walk_state: a worker that could not be started is not waited for") {
  Walk walk;
  walk.state.AddWorker();
  walk.state.RemoveWorker();
  CHECK_FALSE(walk.state.Take());
}

TEST_CASE("walk_state: a worker without work waits until it is offered some") {
  Walk walk;
  walk.state.AddWorker();
  std::string taken;
  std::string taken_here;
  std::thread other([&] {
    while (auto directory = walk.state.Take()) taken += directory->name;
  });
  CHECK(AwaitIdle(walk.state));
  walk.state.Offer(Named("given"));
  // Either of them takes it; once both wait for more, both end.
  while (auto directory = walk.state.Take()) taken_here += directory->name;
  other.join();
  CHECK(taken + taken_here == "given");
}

TEST_CASE("walk_state: stopping ends who waits, whatever is on offer") {
  Walk walk;
  walk.state.AddWorker();
  std::optional<WalkedDirectory> taken;
  std::thread other([&] { taken = walk.state.Take(); });
  CHECK(AwaitIdle(walk.state));
  walk.state.Stop(EIO, "/a", "broken");
  other.join();
  CHECK_FALSE(taken);
  walk.state.Offer(Named("late"));
  CHECK_FALSE(walk.state.Take());
  CHECK(walk.state.stopped());
}

TEST_CASE("walk_state: the first error is the walk's") {
  Walk walk;
  walk.state.Stop(EACCES, "/a", "first");
  walk.state.Stop(EIO, "/b", "second");
  REQUIRE(walk.state.error());
  CHECK(walk.state.error()->code == EACCES);
  CHECK(walk.state.error()->message == "/a: first");
}

TEST_CASE("walk_state: the path in an error is no longer than one may be") {
  Walk walk;
  const std::string longest(PATH_MAX, 'x');
  walk.state.Stop(0, longest + "y", "deep");
  CHECK(walk.state.error()->message == longest + "...: deep");
  Walk other;
  other.state.Stop(0, longest, "deep");
  CHECK(other.state.error()->message == longest + ": deep");
}

TEST_CASE("walk_state: more entries than allowed, counted over all, stop it") {
  Walk walk({.max_entries = 100});
  walk.state.Progress("/top", 60);
  walk.state.Progress("/top", 40);
  CHECK_FALSE(walk.state.stopped());
  walk.state.Progress("/top", 1);
  REQUIRE(walk.state.error());
  CHECK(walk.state.error()->code == 0);
  CHECK(walk.state.error()->message ==
        "/top: more than 100 entries, measured no further");
}

TEST_CASE("walk_state: the deadline stops it") {
  Walk walk;
  walk.clock.Advance(seconds(10) - std::chrono::nanoseconds(1));
  walk.state.Progress("/top", 1);
  CHECK_FALSE(walk.state.stopped());
  walk.clock.Advance(std::chrono::nanoseconds(1));
  walk.state.Progress("/top", 0);
  REQUIRE(walk.state.error());
  CHECK(walk.state.error()->code == ETIMEDOUT);
  CHECK(walk.state.error()->message == "/top: not measured in time");
}

TEST_CASE("walk_state: the first name of an inode is told from the others") {
  Walk walk({.max_hard_linked_inodes = 1 + FileIdSet::kDeviceCost});
  CHECK(walk.state.IsFirstLink({1, 10}) == true);
  CHECK(walk.state.IsFirstLink({1, 10}) == false);
  CHECK(walk.state.IsFirstLink({2, 10}) == true);
  // No room: unknown, but not for those that are remembered.
  CHECK(walk.state.IsFirstLink({1, 11}) == std::nullopt);
  CHECK(walk.state.IsFirstLink({2, 10}) == false);
  CHECK_FALSE(walk.state.stopped());
}

}  // namespace
}  // namespace leak_exporter
