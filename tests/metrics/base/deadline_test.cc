#include "metrics/base/deadline.h"

#include <chrono>

#include "tests/catch.h"
#include "tests/fake_clock.h"

namespace leak_exporter {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

TEST_CASE("deadline: it has expired from its moment on") {
  FakeClock clock(seconds(1000));
  const Deadline deadline = Deadline::After(clock, seconds(5));
  CHECK(deadline.at() == clock.Now() + seconds(5));
  CHECK_FALSE(deadline.Expired());
  clock.Advance(seconds(5) - nanoseconds(1));
  CHECK_FALSE(deadline.Expired());
  clock.Advance(nanoseconds(1));
  CHECK(deadline.Expired());
  clock.Advance(seconds(1'000'000));
  CHECK(deadline.Expired());
}

TEST_CASE("deadline: one after no time, or before now, has expired") {
  const FakeClock clock(seconds(1000));
  CHECK(Deadline::After(clock, seconds(0)).Expired());
  CHECK(Deadline::After(clock, seconds(-1)).Expired());
  CHECK(Deadline(clock, std::chrono::steady_clock::time_point()).Expired());
}

TEST_CASE("deadline: a later one, and one later than never") {
  FakeClock clock(seconds(1000));
  const Deadline later = Deadline::After(clock, seconds(5)).Later(seconds(2));
  CHECK(later.at() == clock.Now() + seconds(7));
  CHECK(Deadline::Never(clock).Later(seconds(2)).at() ==
        Deadline::Never(clock).at());
}

TEST_CASE("deadline: one that never comes") {
  FakeClock clock(seconds(1000));
  const Deadline never = Deadline::Never(clock);
  clock.Advance(std::chrono::hours(24 * 365 * 200));
  CHECK_FALSE(never.Expired());
}

TEST_CASE("deadline: steps of the wall clock do not move it") {
  FakeClock clock(seconds(1000));
  const Deadline deadline = Deadline::After(clock, seconds(5));
  clock.StepWallTime(std::chrono::hours(1));
  CHECK_FALSE(deadline.Expired());
}

}  // namespace
}  // namespace leak_exporter
