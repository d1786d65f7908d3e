#include "exporter/reload/reloader.h"

#include <poll.h>

#include <chrono>
#include <future>
#include <string>
#include <vector>

#include "exporter/reload/reload_queue.h"
#include "tests/catch.h"
#include "tests/exporter/log/captured_log.h"
#include "tests/exporter/schedule/manual_clock.h"

namespace leak_exporter {
namespace {

using Mistakes = std::vector<std::string>;

bool HasRequest(const ReloadQueue& queue, int milliseconds) {
  pollfd waiting{queue.fd(), POLLIN, 0};
  return ::poll(&waiting, 1, milliseconds) == 1;
}

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

TEST_CASE("reload queue: requests wait for one reload and share its outcome") {
  ReloadQueue queue;
  CHECK_FALSE(HasRequest(queue, 0));
  auto first = std::async(std::launch::async, [&] { return queue.Request(); });
  REQUIRE(HasRequest(queue, 5000));
  int reloads = 0;
  queue.Serve([&]() -> ReloadResult {
    ++reloads;
    return tl::unexpected(Mistakes{"wrong"});
  });
  const ReloadResult outcome = first.get();
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error() == Mistakes{"wrong"});
  CHECK_FALSE(HasRequest(queue, 0));
  queue.Serve([&]() -> ReloadResult {
    ++reloads;
    return {};
  });
  CHECK(reloads == 1);
}

TEST_CASE("reload queue: Close refuses who waits and who comes") {
  ReloadQueue queue;
  auto waiting =
      std::async(std::launch::async, [&] { return queue.Request(); });
  REQUIRE(HasRequest(queue, 5000));
  queue.Close();
  CHECK_FALSE(waiting.get());
  const ReloadResult late = queue.Request();
  REQUIRE_FALSE(late);
  CHECK(late.error() == Mistakes{"the exporter is ending"});
}

}  // namespace
}  // namespace leak_exporter
