#include "metrics/base/clock.h"

#include <time.h>

#include <chrono>

#include "tests/catch.h"

namespace leak_exporter {
namespace {

using std::chrono::nanoseconds;

nanoseconds Kernel(clockid_t id) {
  timespec now{};
  REQUIRE(::clock_gettime(id, &now) == 0);
  return std::chrono::seconds(now.tv_sec) + nanoseconds(now.tv_nsec);
}

TEST_CASE("clock: each of the system's clocks is the kernel's of its name") {
  const SystemClock clock;
  nanoseconds before = Kernel(CLOCK_MONOTONIC);
  const nanoseconds monotonic = clock.Now().time_since_epoch();
  CHECK(before <= monotonic);
  CHECK(monotonic <= Kernel(CLOCK_MONOTONIC));

  before = Kernel(CLOCK_BOOTTIME);
  const nanoseconds since_boot = clock.SinceBoot();
  CHECK(before <= since_boot);
  CHECK(since_boot <= Kernel(CLOCK_BOOTTIME));

  before = Kernel(CLOCK_REALTIME);
  const nanoseconds wall_time = clock.WallTime().time_since_epoch();
  CHECK(before <= wall_time);
  CHECK(wall_time <= Kernel(CLOCK_REALTIME));
}

}  // namespace
}  // namespace leak_exporter
