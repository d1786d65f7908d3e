#include "exporter/reload/reload_queue.h"

#include <poll.h>

#include <chrono>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "tests/catch.h"

namespace leak_exporter {
namespace {

using Mistakes = std::vector<std::string>;

bool IsReadable(const ReloadQueue& queue, int milliseconds = 0) {
  pollfd waiting{queue.fd(), POLLIN, 0};
  return ::poll(&waiting, 1, milliseconds) == 1;
}

std::future<ReloadResult> RequestBeside(ReloadQueue& queue) {
  return std::async(std::launch::async, [&] { return queue.Request(); });
}

ReloadResult OutcomeOf(std::future<ReloadResult>& request) {
  REQUIRE(request.wait_for(std::chrono::seconds(10)) ==
          std::future_status::ready);
  return request.get();
}

TEST_CASE("reload queue: nothing waits, nothing is reloaded") {
  ReloadQueue queue;
  CHECK_FALSE(IsReadable(queue));
  queue.Serve([]() -> ReloadResult {
    FAIL("nobody asked");
    return {};
  });
}

TEST_CASE(
    "reload queue: the serving thread reloads, and the caller hears how") {
  ReloadQueue queue;
  auto request = RequestBeside(queue);
  REQUIRE(IsReadable(queue, 10'000));
  std::thread::id reloading;
  queue.Serve([&]() -> ReloadResult {
    reloading = std::this_thread::get_id();
    return tl::unexpected(Mistakes{"x.yml:1:1: wrong", "x.yml:2:1: too"});
  });
  CHECK(reloading == std::this_thread::get_id());
  const ReloadResult outcome = OutcomeOf(request);
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error() == Mistakes{"x.yml:1:1: wrong", "x.yml:2:1: too"});
  CHECK_FALSE(IsReadable(queue));
}

TEST_CASE("reload queue: a request that comes during a reload has its own") {
  ReloadQueue queue;
  auto first = RequestBeside(queue);
  REQUIRE(IsReadable(queue, 10'000));
  std::future<ReloadResult> second;
  int reloads = 0;
  queue.Serve([&]() -> ReloadResult {
    ++reloads;
    second = RequestBeside(queue);
    CHECK(IsReadable(queue, 10'000));
    return {};
  });
  CHECK(OutcomeOf(first).has_value());
  CHECK(IsReadable(queue));
  queue.Serve([&]() -> ReloadResult {
    ++reloads;
    return {};
  });
  CHECK(OutcomeOf(second).has_value());
  CHECK(reloads == 2);
}

TEST_CASE("reload queue: once closed it refuses who waits and who comes") {
  ReloadQueue queue;
  auto waiting = RequestBeside(queue);
  REQUIRE(IsReadable(queue, 10'000));
  queue.Close();
  const Mistakes refusal = {"the exporter is ending"};
  CHECK(OutcomeOf(waiting).error() == refusal);
  CHECK(queue.Request().error() == refusal);
  CHECK_FALSE(IsReadable(queue));
}

}  // namespace
}  // namespace leak_exporter
