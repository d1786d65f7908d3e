#include "exporter/http/auth/token_bucket.h"

#include <chrono>
#include <limits>

#include "tests/catch.h"
#include "tests/fake_clock.h"

namespace leak_exporter::http {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("token bucket: a burst, then one each interval") {
  FakeClock clock(hours(1));
  TokenBucket bucket(milliseconds(100), 3, clock);
  for (int i = 0; i < 3; ++i) CHECK_FALSE(bucket.Take());
  CHECK(bucket.Take() == milliseconds(100));
  clock.Advance(milliseconds(60));
  CHECK(bucket.Take() == milliseconds(40));
  clock.Advance(milliseconds(40));
  CHECK_FALSE(bucket.Take());
  CHECK(bucket.Take() == milliseconds(100));
  clock.Advance(hours(1));
  for (int i = 0; i < 3; ++i) CHECK_FALSE(bucket.Take());
  CHECK(bucket.Take());
}

TEST_CASE("token bucket: large numbers do not overflow") {
  FakeClock clock(hours(1));
  TokenBucket bucket(hours(24 * 366), std::numeric_limits<size_t>::max(),
                     clock);
  for (int i = 0; i < 20; ++i) CHECK_FALSE(bucket.Take());
}

}  // namespace
}  // namespace leak_exporter::http
