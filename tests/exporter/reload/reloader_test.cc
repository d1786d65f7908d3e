#include "exporter/reload/reloader.h"

#include <chrono>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/exporter/log/captured_log.h"
#include "tests/exporter/schedule/manual_clock.h"

namespace leak_exporter {
namespace {

using Mistakes = std::vector<std::string>;

TEST_CASE("reload: a file with mistakes changes nothing and says them all") {
  ManualClock clock;
  CapturedLog log;
  LoadResult next = config::Config();
  std::vector<config::Config> applied;
  ConfigReloader reloader(
      [&] { return next; },
      [&](const config::Config& config) { applied.push_back(config); }, clock,
      log.logger());
  CHECK(reloader.state().last_successful);
  CHECK(reloader.state().last_success_unix_seconds == 1'700'000'000);

  clock.Advance(std::chrono::seconds(60));
  next = tl::unexpected(Mistakes{"x.yml:1:1: first", "x.yml:2:1: second"});
  const ReloadResult refused = reloader.Reload();
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == next.error());
  CHECK(applied.empty());
  CHECK_FALSE(reloader.state().last_successful);
  CHECK(reloader.state().last_success_unix_seconds == 1'700'000'000);
  CHECK_THAT(log.text(), ContainsSubstring("x.yml:1:1: first"));
  CHECK_THAT(log.text(), ContainsSubstring("x.yml:2:1: second"));

  config::Config good;
  good.targets.resize(1);
  next = good;
  REQUIRE(reloader.Reload());
  CHECK(applied == std::vector{good});
  CHECK(reloader.state().last_successful);
  CHECK(reloader.state().last_success_unix_seconds == 1'700'000'060);
}

}  // namespace
}  // namespace leak_exporter
