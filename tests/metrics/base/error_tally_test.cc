#include "metrics/base/error_tally.h"

#include <cerrno>

#include "tests/catch.h"

namespace leak_exporter {
namespace {

TEST_CASE("error_tally: the cause follows from the code, not from the text") {
  struct Case {
    int code;
    std::string cause;
  };
  for (const Case& expected :
       {Case{EACCES, "permission"}, Case{EPERM, "permission"}, Case{EIO, "io"},
        Case{EMFILE, "limit"}, Case{ETIMEDOUT, "timeout"},
        Case{0, "malformed"}}) {
    ErrorTally tally;
    tally.Add(Error{expected.code, "No such process"});
    REQUIRE(tally.errors().size() == 1);
    CHECK(tally.errors()[0].cause == expected.cause);
    CHECK(tally.errors()[0].count == 1);
    CHECK(tally.errors()[0].message == "No such process");
  }
}

TEST_CASE("error_tally: a vanished process is not an error") {
  ErrorTally tally;
  tally.Add(Error{ENOENT, "/proc/7/status: No such file or directory"});
  tally.Add(Error{ESRCH, "/proc/7/status: No such process"});
  CHECK(tally.errors().empty());
}

TEST_CASE("error_tally: a cause is counted and keeps its first message") {
  ErrorTally tally;
  tally.Add(Error{EACCES, "first"});
  tally.Add("limit", "too many");
  tally.Add(Error{EPERM, "second"});
  REQUIRE(tally.errors().size() == 2);
  CHECK(tally.errors()[0].cause == "permission");
  CHECK(tally.errors()[0].count == 2);
  CHECK(tally.errors()[0].message == "first");
  CHECK(tally.errors()[1].cause == "limit");
  CHECK(tally.errors()[1].message == "too many");
}

}  // namespace
}  // namespace leak_exporter
