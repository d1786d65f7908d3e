#include "exporter/reload/reloader.h"

#include <poll.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <functional>
#include <future>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/exporter/log/captured_log.h"
#include "tests/exporter/schedule/manual_clock.h"

namespace leak_exporter {
namespace {

using Mistakes = std::vector<std::string>;
using std::chrono::seconds;

config::Config GoodConfig() {
  config::Config config;
  config.targets.resize(1);
  return config;
}

/// A reloader whose threads run when the test says so.
struct ReloadBench {
  /// Has the loads that have begun end.
  void RunThreads() {
    for (const auto& thread : std::exchange(threads, {})) thread();
  }
  std::future<ReloadResult> RequestBeside() {
    auto request =
        std::async(std::launch::async, [this] { return reloader.Request(); });
    pollfd waiting{reloader.request_fd(), POLLIN, 0};
    REQUIRE(::poll(&waiting, 1, 10'000) == 1);
    return request;
  }
  bool HasLoaded() const {
    pollfd waiting{reloader.load_fd(), POLLIN, 0};
    return ::poll(&waiting, 1, 0) == 1;
  }

  ManualClock clock;
  CapturedLog log;
  LoadResult next = GoodConfig();
  std::vector<config::Config> applied;
  std::vector<std::function<void()>> threads;
  Result<void> thread_error;
  std::string told;
  ConfigReloader reloader{
      {.file = "x.yml",
       .load = [this] { return next; },
       .apply = [this](const config::Config& c) { applied.push_back(c); },
       .start_thread =
           [this](std::function<void()> work) {
             if (thread_error) threads.push_back(std::move(work));
             return thread_error;
           },
       .began = [this] { told += "began "; },
       .ended = [this] { told += "ended "; }},
      clock,
      log.logger()};
};

ReloadResult OutcomeOf(std::future<ReloadResult>& request) {
  REQUIRE(request.wait_for(seconds(10)) == std::future_status::ready);
  return request.get();
}

const Mistakes kNotInTime = {"x.yml: not read within 10 s"};

TEST_CASE("reload: a file with mistakes changes nothing and says them all") {
  ReloadBench bench;
  ConfigReloader& reloader = bench.reloader;
  CHECK(reloader.state().last_successful);
  CHECK(reloader.state().last_success_unix_seconds == 1'700'000'000);
  CHECK_FALSE(reloader.deadline());

  bench.clock.Advance(seconds(60));
  bench.next =
      tl::unexpected(Mistakes{"x.yml:1:1: first", "x.yml:2:1: second"});
  auto request = bench.RequestBeside();
  reloader.Step();
  CHECK(reloader.deadline() == bench.clock.Now() + seconds(10));
  CHECK(bench.told == "began ");
  bench.RunThreads();
  CHECK(bench.HasLoaded());
  reloader.Step();
  const ReloadResult refused = OutcomeOf(request);
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == bench.next.error());
  CHECK(bench.told == "began ended ");
  CHECK_FALSE(reloader.deadline());
  CHECK(bench.applied.empty());
  CHECK_FALSE(reloader.state().last_successful);
  CHECK(reloader.state().last_success_unix_seconds == 1'700'000'000);
  CHECK_THAT(bench.log.text(), ContainsSubstring("x.yml:1:1: first"));
  CHECK_THAT(bench.log.text(), ContainsSubstring("x.yml:2:1: second"));

  bench.next = GoodConfig();
  reloader.RequestSilently();
  reloader.Step();
  bench.RunThreads();
  reloader.Step();
  CHECK(bench.applied == std::vector{GoodConfig()});
  CHECK(reloader.state().last_successful);
  CHECK(reloader.state().last_success_unix_seconds == 1'700'000'060);
}

TEST_CASE("reload: what is asked for meanwhile is one further reload") {
  ReloadBench bench;
  auto first = bench.RequestBeside();
  bench.reloader.Step();
  auto second = bench.RequestBeside();
  bench.reloader.Step();
  auto third = bench.RequestBeside();
  bench.reloader.RequestSilently();
  bench.reloader.Step();
  CHECK(bench.threads.size() == 1);
  bench.RunThreads();
  bench.reloader.Step();
  CHECK(OutcomeOf(first));
  CHECK(bench.threads.size() == 1);
  bench.RunThreads();
  bench.reloader.Step();
  CHECK(OutcomeOf(second));
  CHECK(OutcomeOf(third));
  CHECK(bench.applied.size() == 2);
  CHECK(bench.told == "began ended began ended ");
  bench.reloader.Step();
  CHECK(bench.threads.empty());
}

TEST_CASE("reload: a file that is not read in time is refused, and the next") {
  ReloadBench bench;
  auto request = bench.RequestBeside();
  bench.reloader.Step();
  bench.clock.Advance(seconds(9));
  bench.reloader.Step();
  CHECK(bench.told == "began ");
  bench.clock.Advance(seconds(1));
  bench.reloader.Step();
  CHECK(OutcomeOf(request).error() == kNotInTime);
  CHECK_FALSE(bench.reloader.state().last_successful);
  CHECK_THAT(bench.log.text(), ContainsSubstring(kNotInTime[0]));
  // The load is outstanding still: another one would hang as well.
  for (int i = 0; i < 20; ++i) {
    auto again = bench.RequestBeside();
    bench.reloader.Step();
    CHECK(OutcomeOf(again).error() == kNotInTime);
  }
  CHECK(bench.threads.size() == 1);
  CHECK_FALSE(bench.reloader.deadline());

  // What it brings at last is what the file said long ago.
  bench.RunThreads();
  bench.reloader.Step();
  CHECK(bench.applied.empty());
  CHECK_FALSE(bench.HasLoaded());
  auto later = bench.RequestBeside();
  bench.reloader.Step();
  bench.RunThreads();
  bench.reloader.Step();
  CHECK(OutcomeOf(later));
  CHECK(bench.applied.size() == 1);
}

TEST_CASE("reload: without a thread it is refused") {
  ReloadBench bench;
  bench.thread_error = Failure(EAGAIN, "cannot start a thread: no more");
  auto request = bench.RequestBeside();
  bench.reloader.Step();
  CHECK(OutcomeOf(request).error() ==
        Mistakes{"cannot start a thread: no more"});
  CHECK(bench.told == "began ended ");
  bench.thread_error = {};
  bench.reloader.RequestSilently();
  bench.reloader.Step();
  CHECK(bench.threads.size() == 1);
}

TEST_CASE("reload: the end refuses who waits for it, and who comes") {
  ReloadBench bench;
  auto under_way = bench.RequestBeside();
  bench.reloader.Step();
  auto next = bench.RequestBeside();
  bench.reloader.Step();
  auto waiting = bench.RequestBeside();
  bench.reloader.Close();
  const Mistakes refusal = {"the exporter is ending"};
  CHECK(OutcomeOf(under_way).error() == refusal);
  CHECK(OutcomeOf(next).error() == refusal);
  CHECK(OutcomeOf(waiting).error() == refusal);
  CHECK(bench.reloader.Request().error() == refusal);
}

}  // namespace
}  // namespace leak_exporter
