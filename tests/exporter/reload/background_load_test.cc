#include "exporter/reload/background_load.h"

#include <poll.h>

#include <cerrno>
#include <functional>
#include <vector>

#include "tests/catch.h"

namespace leak_exporter {
namespace {

bool IsReadable(const BackgroundLoad& load) {
  pollfd waiting{load.fd(), POLLIN, 0};
  return ::poll(&waiting, 1, 0) == 1;
}

TEST_CASE("background load: its outcome is there once the thread has ended") {
  std::vector<std::function<void()>> threads;
  int loads = 0;
  BackgroundLoad load(
      [&]() -> LoadResult {
        config::Config config;
        config.targets.resize(static_cast<size_t>(++loads));
        return config;
      },
      [&](std::function<void()> work) -> Result<void> {
        threads.push_back(std::move(work));
        return {};
      });
  CHECK_FALSE(load.outstanding());
  CHECK_FALSE(load.Take());
  for (size_t i = 1; i <= 2; ++i) {
    REQUIRE(load.Begin());
    CHECK(load.outstanding());
    CHECK_FALSE(load.Take());
    CHECK_FALSE(IsReadable(load));
    threads.back()();
    CHECK(IsReadable(load));
    CHECK(load.outstanding());
    const auto loaded = load.Take();
    REQUIRE(loaded);
    CHECK((*loaded)->targets.size() == i);
    CHECK_FALSE(load.outstanding());
    CHECK_FALSE(load.Take());
    CHECK_FALSE(IsReadable(load));
  }
}

TEST_CASE("background load: a thread may end after the load is gone") {
  std::function<void()> thread;
  {
    BackgroundLoad load([]() -> LoadResult { return config::Config(); },
                        [&](std::function<void()> work) -> Result<void> {
                          thread = std::move(work);
                          return {};
                        });
    REQUIRE(load.Begin());
  }
  thread();
}

TEST_CASE("background load: without a thread nothing is outstanding") {
  BackgroundLoad load([]() -> LoadResult { return config::Config(); },
                      [](const std::function<void()>&) -> Result<void> {
                        return Failure(EAGAIN, "cannot start a thread");
                      });
  CHECK(load.Begin().error().code == EAGAIN);
  CHECK_FALSE(load.outstanding());
}

}  // namespace
}  // namespace leak_exporter
