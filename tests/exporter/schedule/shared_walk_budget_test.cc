#include "exporter/schedule/shared_walk_budget.h"

#include <chrono>

#include "tests/catch.h"
#include "tests/fake_clock.h"

namespace leak_exporter {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("walk budget: two seconds may be spent at once, then a share") {
  FakeClock clock{seconds(1000)};
  SharedWalkBudget budget(clock, 0.05);
  CHECK(budget.HasAny());
  budget.Spend(milliseconds(1999));
  CHECK(budget.HasAny());
  budget.Spend(milliseconds(1));
  CHECK_FALSE(budget.HasAny());
  clock.Advance(milliseconds(20));
  CHECK(budget.HasAny());
  budget.Spend(milliseconds(1));
  CHECK_FALSE(budget.HasAny());
}

TEST_CASE("walk budget: what was too much is a debt") {
  FakeClock clock{seconds(1000)};
  SharedWalkBudget budget(clock, 0.1);
  budget.Spend(seconds(5));
  clock.Advance(seconds(29));
  CHECK_FALSE(budget.HasAny());
  clock.Advance(seconds(2));
  CHECK(budget.HasAny());
}

TEST_CASE(
    "walk budget: a day without walks is no licence for an hour of them") {
  FakeClock clock{seconds(1000)};
  SharedWalkBudget budget(clock, 0.05);
  clock.Advance(std::chrono::hours(24));
  budget.Spend(seconds(2));
  CHECK_FALSE(budget.HasAny());
}

TEST_CASE("walk budget: another share holds from then on") {
  FakeClock clock{seconds(1000)};
  SharedWalkBudget budget(clock, 0.5);
  budget.Spend(seconds(3));
  clock.Advance(seconds(1));
  budget.SetShare(0.25);
  clock.Advance(seconds(1));
  CHECK_FALSE(budget.HasAny());
  clock.Advance(milliseconds(1100));
  CHECK(budget.HasAny());
}

}  // namespace
}  // namespace leak_exporter
