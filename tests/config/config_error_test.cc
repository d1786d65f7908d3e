#include "config/config_error.h"

#include <string>
#include <vector>

#include "tests/catch.h"

namespace leak_exporter::config {
namespace {

const std::string kMessage =
    "'5' has no unit; expected a duration such as 5 minutes";

TEST_CASE(
    "config_error: file, place, key and message, without what is absent") {
  struct Case {
    Position position;
    std::string key;
    std::string text;
  };
  for (const Case& expected : {
           Case{{12, 17},
                "debugging.pid_profile.interval",
                "f.yml:12:17: debugging.pid_profile.interval: "},
           Case{{1, 1}, "", "f.yml:1:1: "},
           Case{{}, "targets", "f.yml: targets: "},
           Case{{}, "", "f.yml: "},
       }) {
    CHECK(ToString("f.yml", {expected.position, expected.key, kMessage}) ==
          expected.text + kMessage);
  }
  CHECK(ToString("", {{2, 3}, "", "x"}) == ":2:3: x");
}

TEST_CASE("config_error: a text of several errors is one line for each") {
  CHECK(ToStrings("f", {}).empty());
  CHECK(ToStrings("f", {{{1, 2}, "a", "x"}, {{}, "", "y"}}) ==
        std::vector<std::string>{"f:1:2: a: x", "f: y"});
}

TEST_CASE("config_error: places are in the order of the file") {
  CHECK(Position{1, 9} < Position{2, 1});
  CHECK(Position{2, 1} < Position{2, 2});
  CHECK(Position{} < Position{1, 1});
  CHECK(Position{3, 4} == Position{3, 4});
}

}  // namespace
}  // namespace leak_exporter::config
