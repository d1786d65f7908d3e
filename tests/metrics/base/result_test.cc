#include "metrics/base/result.h"

#include <cerrno>
#include <memory>
#include <string>
#include <utility>

#include "tests/catch.h"

namespace leak_exporter {
namespace {

Result<std::string> Half(int number) {
  if (number % 2 != 0) return Failure(ERANGE, std::to_string(number) + ": odd");
  return std::to_string(number / 2);
}

TEST_CASE("result: a value, or why there is none") {
  const auto good = Half(8);
  REQUIRE(good);
  CHECK(*good == "4");
  const auto bad = Half(7);
  REQUIRE_FALSE(bad);
  CHECK(bad.error().code == ERANGE);
  CHECK(bad.error().message == "7: odd");
}

TEST_CASE("result: a failure becomes a result of any type") {
  const Result<void> nothing = Failure(0, "malformed");
  REQUIRE_FALSE(nothing);
  CHECK(nothing.error().code == 0);
  Result<std::unique_ptr<int>> moved = std::make_unique<int>(5);
  CHECK(*moved.value() == 5);
  moved = Failure(EIO, "broken");
  CHECK(moved.error().message == "broken");
}

TEST_CASE("result: gone and permission follow from the code alone") {
  struct Case {
    int code;
    bool gone;
    bool permission;
  };
  for (const Case& expected :
       {Case{0, false, false}, Case{ENOENT, true, false},
        Case{ESRCH, true, false}, Case{EACCES, false, true},
        Case{EPERM, false, true}, Case{EIO, false, false},
        Case{ESTALE, false, false}, Case{-ENOENT, false, false}}) {
    CAPTURE(expected.code);
    const Error error{expected.code, "No such process: Permission denied"};
    CHECK(IsGone(error) == expected.gone);
    CHECK(IsPermission(error) == expected.permission);
  }
}

}  // namespace
}  // namespace leak_exporter
