#include "exporter/schedule/outstanding_work.h"

#include <chrono>
#include <memory>
#include <string>
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

config::MatchConfig RulesOf(const std::string& comm) {
  config::MatchConfig rules;
  rules.comms = {comm};
  return rules;
}

constexpr OutstandingWork::TimePoint At(int second) {
  return OutstandingWork::TimePoint(seconds(second));
}

TEST_CASE("outstanding work: the same work of a target is not begun twice") {
  const auto work = std::make_shared<OutstandingWork>();
  const auto waiter = std::make_shared<CountingWaiter>();
  const WorkKey key{"app", CollectorId::kDiskUsage, RulesOf("app")};
  {
    const auto claim = work->TryClaim(key, At(1), waiter);
    REQUIRE(claim);
    for (int i = 0; i < 3; ++i) {
      const auto again = work->TryClaim(key, At(2 + i), waiter);
      REQUIRE_FALSE(again);
      CHECK(again.error() == At(1));
    }
    CHECK(work->TryClaim({"other", CollectorId::kDiskUsage, RulesOf("other")},
                         At(2), waiter));
    CHECK(work->TryClaim({"app", CollectorId::kMemory, RulesOf("app")}, At(2),
                         waiter));
    CHECK(waiter->resumed == 0);
  }
  // Once, however often it asked.
  CHECK(waiter->resumed == 1);
  CHECK(work->TryClaim(key, At(9), waiter));
}

TEST_CASE("outstanding work: other rules make another search, no other run") {
  const auto work = std::make_shared<OutstandingWork>();
  const auto waiter = std::make_shared<CountingWaiter>();
  const WorkKey search{"app", CollectorId::kTargets, RulesOf("first")};
  const WorkKey run{"app", CollectorId::kMemory, RulesOf("first")};
  const auto search_claim = work->TryClaim(search, At(1), waiter);
  const auto run_claim = work->TryClaim(run, At(1), waiter);
  REQUIRE(search_claim);
  REQUIRE(run_claim);
  CHECK_FALSE(work->TryClaim(search, At(1), waiter));
  CHECK(work->TryClaim({"app", CollectorId::kTargets, RulesOf("second")}, At(1),
                       waiter));
  CHECK_FALSE(work->TryClaim({"app", CollectorId::kMemory, RulesOf("second")},
                             At(1), waiter));
}

TEST_CASE("outstanding work: a renamed target is the same by its rules") {
  const auto thing = GENERATE(CollectorId::kTargets, CollectorId::kMemory);
  const auto work = std::make_shared<OutstandingWork>();
  const auto waiter = std::make_shared<CountingWaiter>();
  const auto claim =
      work->TryClaim({"app", thing, RulesOf("x")}, At(1), waiter);
  REQUIRE(claim);
  for (const char* name : {"app2", "app3"}) {
    CHECK_FALSE(work->TryClaim({name, thing, RulesOf("x")}, At(2), waiter));
  }
  CHECK(work->TryClaim({"app2", thing, RulesOf("y")}, At(2), waiter));
}

TEST_CASE("outstanding work: a waiter that is gone is passed over") {
  const auto work = std::make_shared<OutstandingWork>();
  auto gone = std::make_shared<CountingWaiter>();
  const auto stays = std::make_shared<CountingWaiter>();
  const WorkKey key{"app", CollectorId::kMemory, RulesOf("app")};
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
  const WorkKey key{"app", CollectorId::kMemory, RulesOf("app")};
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
