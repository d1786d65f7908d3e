#include "config/duration.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "tests/catch.h"

namespace leak_exporter::config {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;

TEST_CASE("duration: numbers with units, in words and in symbols") {
  const std::vector<std::pair<std::string, nanoseconds>> cases = {
      {"5 minutes", minutes(5)},
      {"1 minute", minutes(1)},
      {"minute", minutes(1)},
      {"5 minute", minutes(5)},
      {"1 minutes", minutes(1)},
      {"90 seconds", seconds(90)},
      {"second", seconds(1)},
      {"2 hours", hours(2)},
      {"hour", hours(1)},
      {"1 day", hours(24)},
      {"day", hours(24)},
      {"1 week", hours(168)},
      {"week", hours(168)},
      {"2 weeks", hours(336)},
      {"250 milliseconds", milliseconds(250)},
      {"millisecond", milliseconds(1)},
      {"5m", minutes(5)},
      {"5 m", minutes(5)},
      {"5minutes", minutes(5)},
      {"1h30m", minutes(90)},
      {"1h 30m", minutes(90)},
      {"1 hour 30 minutes", minutes(90)},
      {"1w2d3h4m5s6ms", hours(168 + 48 + 3) + minutes(4) + milliseconds(5006)},
      {"250ms", milliseconds(250)},
      {"1s", seconds(1)},
      {"0h5m", minutes(5)},
      {"007m", minutes(7)},
      {"5  minutes ", minutes(5)},
      {"366 days", hours(366 * 24)},
      {"365d24h", hours(366 * 24)},
      {"31622400000ms", hours(366 * 24)},
  };
  for (const auto& [text, expected] : cases) {
    INFO(text);
    const auto duration = ParseDuration(text);
    REQUIRE(duration);
    CHECK(*duration == expected);
  }
}

TEST_CASE("duration: what is wrong is named") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "'' is empty"},
      {" ", "' ' is not a duration"},
      {"5", "'5' has no unit"},
      {"300", "'300' has no unit"},
      {"5m5", "'5m5' has no unit"},
      {"0 minutes", "'0 minutes' is zero"},
      {"0s", "'0s' is zero"},
      {"0h0m", "'0h0m' is zero"},
      {"-5 minutes", "'-5 minutes' is negative"},
      {"-1", "'-1' is negative"},
      {"1h-5m", "'1h-5m' is negative"},
      {"1.5 hours", "'1.5 hours' has a fraction"},
      {".5h", "'.5h' has a fraction"},
      {"1,5 hours", "'1,5 hours' has a fraction"},
      {"1h, 5m", "'1h, 5m' is not a duration"},
      {"minutes", "'minutes' has no number"},
      {"m", "'m' has no number"},
      {"5 m minutes", "'5 m minutes' has no number"},
      {"minute 5 seconds", "'minute 5 seconds' has no number"},
      {"monday", "'monday' names a weekday, which is no duration"},
      {"mondays", "'mondays' names a weekday, which is no duration"},
      {"Sunday", "'Sunday' names a weekday, which is no duration"},
      {"2 FRIDAYS", "'2 FRIDAYS' names a weekday, which is no duration"},
      {"5 minuts",
       "'5 minuts' has an unknown unit 'minuts' (did you mean minutes?)"},
      {"5 Minutes",
       "'5 Minutes' has an unknown unit 'Minutes' (did you mean minutes?)"},
      {"5 M", "'5 M' has an unknown unit 'M'"},
      {"5 months", "'5 months' has an unknown unit 'months'"},
      {"1 year", "'1 year' has an unknown unit 'year'"},
      {"every 5 minutes", "'every 5 minutes' has an unknown unit 'every'"},
      {"1e3s", "'1e3s' has an unknown unit 'e'"},
      {"0x5m", "'0x5m' has an unknown unit 'x'"},
      {"1:30", "'1:30' is not a duration"},
      {"+5 minutes", "'+5 minutes' is not a duration"},
      {" 5 minutes", "' 5 minutes' is not a duration"},
      {"5\tminutes", "'5\\tminutes' is not a duration"},
      {"5\nminutes", "'5\\nminutes' is not a duration"},
      {"5 \xc2\xb5s", "'5 \xc2\xb5s' is not a duration"},
      {"5\xff", "'5\\xff' is not a duration"},
      {"30m1h", "'30m1h' has its units out of order"},
      {"1h1h", "'1h1h' has its units out of order"},
      {"367 days", "'367 days' is longer than 366 days"},
      {"366d1ms", "'366d1ms' is longer than 366 days"},
      {"53 weeks", "'53 weeks' is longer than 366 days"},
      {"18446744073709551615w",
       "'18446744073709551615w' is longer than 366 days"},
      {"18446744073709551616ms",
       "'18446744073709551616ms' is longer than 366 days"},
      {"99999999999999999999999 seconds",
       "'99999999999999999999999 seconds' is longer than 366 days"},
  };
  for (const auto& [text, message] : cases) {
    INFO(text);
    const auto duration = ParseDuration(text);
    REQUIRE_FALSE(duration);
    CHECK(duration.error() ==
          message + "; expected a duration such as 5 minutes");
  }
}

}  // namespace
}  // namespace leak_exporter::config
