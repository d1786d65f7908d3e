#include "exporter/reload/reload_queue.h"

#include <poll.h>

#include <chrono>
#include <future>
#include <string>
#include <utility>
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

TEST_CASE("reload queue: nothing waits, nothing is taken") {
  ReloadQueue queue;
  CHECK_FALSE(IsReadable(queue));
  CHECK(queue.TakeAll().empty());
}

TEST_CASE("reload queue: the caller hears what the request is answered with") {
  ReloadQueue queue;
  auto request = RequestBeside(queue);
  REQUIRE(IsReadable(queue, 10'000));
  auto requests = queue.TakeAll();
  REQUIRE(requests.size() == 1);
  CHECK_FALSE(IsReadable(queue));
  requests[0].set_value(
      tl::unexpected(Mistakes{"x.yml:1:1: wrong", "x.yml:2:1: too"}));
  const ReloadResult outcome = OutcomeOf(request);
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error() == Mistakes{"x.yml:1:1: wrong", "x.yml:2:1: too"});
}

TEST_CASE("reload queue: once closed it refuses who waits and who comes") {
  ReloadQueue queue;
  auto taken = RequestBeside(queue);
  REQUIRE(IsReadable(queue, 10'000));
  auto requests = queue.TakeAll();
  auto waiting = RequestBeside(queue);
  REQUIRE(IsReadable(queue, 10'000));
  queue.Close(std::move(requests));
  const Mistakes refusal = {"the exporter is ending"};
  CHECK(OutcomeOf(taken).error() == refusal);
  CHECK(OutcomeOf(waiting).error() == refusal);
  CHECK(queue.Request().error() == refusal);
  CHECK_FALSE(IsReadable(queue));
}

}  // namespace
}  // namespace leak_exporter
