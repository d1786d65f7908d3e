#include "exporter/schedule/outstanding_work.h"

#include <chrono>
#include <memory>
#include <utility>

#include "tests/catch.h"

namespace leak_exporter {
namespace {

using std::chrono::seconds;

class CountingWaiter final : public OutstandingWork::Waiter {
 public:
  void Resume() override { ++resumed; }
  int resumed = 0;
};

constexpr OutstandingWork::TimePoint At(int second) {
  return OutstandingWork::TimePoint(seconds(second));
}

TEST_CASE("outstanding work: the same work of a target is not begun twice") {
  const auto work = std::make_shared<OutstandingWork>();
  const auto waiter = std::make_shared<CountingWaiter>();
  const WorkKey key{"app", CollectorId::kDiskUsage};
  {
    const auto claim = work->TryClaim(key, At(1), waiter);
    REQUIRE(claim);
    for (int i = 0; i < 3; ++i) {
      const auto again = work->TryClaim(key, At(2 + i), waiter);
      REQUIRE_FALSE(again);
      CHECK(again.error() == At(1));
    }
    CHECK(work->TryClaim({"other", CollectorId::kDiskUsage}, At(2), waiter));
    CHECK(work->TryClaim({"app", CollectorId::kMemory}, At(2), waiter));
    CHECK(waiter->resumed == 0);
  }
  // Once, however often it asked.
  CHECK(waiter->resumed == 1);
  CHECK(work->TryClaim(key, At(9), waiter));
}

TEST_CASE("outstanding work: other rules make another search") {
  const auto work = std::make_shared<OutstandingWork>();
  const auto waiter = std::make_shared<CountingWaiter>();
  WorkKey first{"app", CollectorId::kTargets};
  first.rules.pids = {1};
  WorkKey second = first;
  second.rules.pids = {2};
  const auto claim = work->TryClaim(first, At(1), waiter);
  REQUIRE(claim);
  CHECK_FALSE(work->TryClaim(first, At(1), waiter));
  CHECK(work->TryClaim(second, At(1), waiter));
}

TEST_CASE("outstanding work: a waiter that is gone is passed over") {
  const auto work = std::make_shared<OutstandingWork>();
  auto gone = std::make_shared<CountingWaiter>();
  const auto stays = std::make_shared<CountingWaiter>();
  const WorkKey key{"app", CollectorId::kMemory};
  {
    const auto claim = work->TryClaim(key, At(1), stays);
    REQUIRE(claim);
    CHECK_FALSE(work->TryClaim(key, At(1), gone));
    CHECK_FALSE(work->TryClaim(key, At(1), stays));
    gone.reset();
  }
  CHECK(stays->resumed == 1);
}

TEST_CASE("outstanding work: a claim that moved is given back once") {
  const auto work = std::make_shared<OutstandingWork>();
  const auto waiter = std::make_shared<CountingWaiter>();
  const WorkKey key{"app", CollectorId::kMemory};
  auto claim = work->TryClaim(key, At(1), waiter);
  REQUIRE(claim);
  {
    const OutstandingWork::Claim moved = *std::move(claim);
    CHECK_FALSE(work->TryClaim(key, At(1), waiter));
  }
  CHECK(waiter->resumed == 1);
  CHECK(work->TryClaim(key, At(1), waiter));
}

}  // namespace
}  // namespace leak_exporter
