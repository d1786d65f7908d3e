#include "exporter/schedule/run_state.h"

#include <chrono>

#include "tests/catch.h"

namespace leak_exporter {
namespace {

using std::chrono::seconds;
using State = RunState<int>;

constexpr State::TimePoint At(int second) {
  return State::TimePoint(seconds(second));
}

TEST_CASE("run state: before the first run there is nothing") {
  const State state;
  CHECK_FALSE(state.running());
  CHECK(state.current() == nullptr);
  CHECK(state.last() == nullptr);
  CHECK(state.IsOlderThan(seconds(1000), At(0)));
  CHECK_FALSE(state.HasResultOf(0));
  CHECK_FALSE(state.IsOverdue(At(1000)));
}

TEST_CASE("run state: a run under way is no result yet") {
  State state;
  state.Begin({.measurement = 3, .started = At(10), .deadline = At(20)});
  CHECK(state.running());
  CHECK(state.current()->started == At(10));
  CHECK(state.IsOlderThan(seconds(1000), At(11)));
  CHECK_FALSE(state.HasResultOf(3));
  CHECK_FALSE(state.IsOverdue(At(19)));
  CHECK(state.IsOverdue(At(20)));
}

TEST_CASE("run state: the last result stays while the next run is under way") {
  State state;
  state.Begin({.measurement = 3, .started = At(10), .deadline = At(20)});
  state.End(7, At(12));
  CHECK_FALSE(state.running());
  REQUIRE(state.last() != nullptr);
  CHECK(state.last()->result == 7);
  CHECK(state.last()->ended == At(12));
  CHECK(state.HasResultOf(2));
  CHECK(state.HasResultOf(3));
  CHECK_FALSE(state.HasResultOf(4));

  state.Begin({.measurement = 4, .started = At(13), .deadline = At(23)});
  CHECK(state.last()->result == 7);
  CHECK_FALSE(state.HasResultOf(4));
  state.End(8, At(14));
  CHECK(state.last()->result == 8);
  CHECK(state.HasResultOf(4));
}

TEST_CASE("run state: a result has an age from its end on") {
  State state;
  state.Begin({.measurement = 1, .started = At(0), .deadline = At(100)});
  state.End(7, At(60));
  CHECK(state.IsOlderThan(seconds(0), At(60)));
  CHECK_FALSE(state.IsOlderThan(seconds(5), At(64)));
  CHECK(state.IsOlderThan(seconds(5), At(65)));
}

}  // namespace
}  // namespace leak_exporter
