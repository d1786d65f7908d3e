#include "exporter/log/repeat_limit.h"

#include <chrono>
#include <optional>
#include <string>

#include "tests/catch.h"

namespace leak_exporter {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr RepeatLimit::TimePoint kStart{seconds(1'795'296'201)};

/// Uses up what may be written at once.
void Exhaust(RepeatLimit& limit, RepeatLimit::TimePoint now,
             const std::string& text) {
  for (uint64_t i = 0; i < RepeatLimit::kBurst; ++i) {
    REQUIRE(limit.Admit(now, text) == 0);
  }
  REQUIRE(limit.Admit(now, text) == std::nullopt);
}

TEST_CASE("repeat limit: the first five are written, then one a minute") {
  RepeatLimit limit;
  Exhaust(limit, kStart, "a");
  CHECK(limit.Admit(kStart + milliseconds(59'999), "a") == std::nullopt);
  CHECK(limit.Admit(kStart + seconds(60), "a") == 2);
  CHECK(limit.Admit(kStart + seconds(60), "a") == std::nullopt);
  CHECK(limit.Admit(kStart + seconds(119), "a") == std::nullopt);
  CHECK(limit.Admit(kStart + seconds(120), "a") == 2);
}

TEST_CASE("repeat limit: what comes once a minute is always written") {
  RepeatLimit limit;
  for (int i = 0; i < 1000; ++i) {
    CHECK(limit.Admit(kStart + i * seconds(60), "a") == 0);
  }
}

TEST_CASE("repeat limit: after five quiet minutes five may come at once") {
  RepeatLimit limit;
  Exhaust(limit, kStart, "a");
  CHECK(limit.Admit(kStart + hours(24), "a") == 1);
  for (int i = 0; i < 4; ++i) CHECK(limit.Admit(kStart + hours(24), "a") == 0);
  CHECK(limit.Admit(kStart + hours(24), "a") == std::nullopt);
}

TEST_CASE("repeat limit: each kind has its own") {
  RepeatLimit limit;
  Exhaust(limit, kStart, "a");
  Exhaust(limit, kStart, "b");
  CHECK(limit.Admit(kStart, "c") == 0);
}

TEST_CASE("repeat limit: a clock that is set back does not silence it") {
  RepeatLimit limit;
  Exhaust(limit, kStart, "a");
  CHECK(limit.Admit(kStart - hours(1), "a") == std::nullopt);
  CHECK(limit.Admit(kStart - hours(1) + seconds(60), "a") == 2);
}

TEST_CASE("repeat limit: of too many kinds the least recent is forgotten") {
  RepeatLimit limit;
  Exhaust(limit, kStart, "old");
  Exhaust(limit, kStart + milliseconds(1), "new");
  for (size_t i = 2; i < RepeatLimit::kMostKinds; ++i) {
    CHECK(limit.Admit(kStart + milliseconds(2), std::to_string(i)) == 0);
  }
  CHECK(limit.Admit(kStart + milliseconds(3), "one more") == 0);
  CHECK(limit.Admit(kStart + milliseconds(4), "new") == std::nullopt);
  CHECK(limit.Admit(kStart + milliseconds(5), "old") == 0);
}

}  // namespace
}  // namespace leak_exporter
