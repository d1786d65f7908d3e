#include "exporter/service/user_helper.h"

#include <unistd.h>

#include <string>

#include "tests/catch.h"

namespace leak_exporter {
namespace {

TEST_CASE("user_helper: it answers as the user database does") {
  const auto look_up = StartUserHelper();
  REQUIRE(look_up);
  for (const std::string user : {"root", "daemon", "7", "4294967294",
                                 "no-such-user-here", "", "a b\n", "-1"}) {
    CAPTURE(user);
    const auto expected = LookUpUser(user);
    const auto found = (*look_up)(user);
    REQUIRE(found.has_value() == expected.has_value());
    if (found) {
      CHECK(*found == *expected);
    } else {
      CHECK(found.error().code == expected.error().code);
      CHECK(found.error().message == expected.error().message);
    }
  }
}

TEST_CASE("user_helper: no name is as long as that") {
  const auto look_up = StartUserHelper();
  REQUIRE(look_up);
  const auto found = (*look_up)(std::string(5'000, 'x'));
  REQUIRE_FALSE(found);
  CHECK(found.error().code == 0);
  CHECK(found.error().message ==
        "user '" + std::string(40, 'x') + "' is not known here");
}

}  // namespace
}  // namespace leak_exporter
