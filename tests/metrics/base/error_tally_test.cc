#include "metrics/base/error_tally.h"

#include <cerrno>
#include <string>
#include <vector>

#include "tests/catch.h"

namespace leak_exporter {
namespace {

TEST_CASE("error_tally: the cause follows from the code, not from the text") {
  struct Case {
    int code;
    ErrorCause cause;
  };
  for (const Case& expected :
       {Case{EACCES, ErrorCause::kPermission},
        Case{EPERM, ErrorCause::kPermission}, Case{EIO, ErrorCause::kIo},
        Case{EMFILE, ErrorCause::kLimit}, Case{EFBIG, ErrorCause::kLimit},
        Case{ETIMEDOUT, ErrorCause::kTimeout},
        Case{ENOTSUP, ErrorCause::kUnsupported},
        Case{0, ErrorCause::kMalformed}}) {
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
  tally.Add(ErrorCause::kLimit, "too many");
  tally.Add(Error{EPERM, "second"});
  REQUIRE(tally.errors().size() == 2);
  CHECK(tally.errors()[0].cause == ErrorCause::kPermission);
  CHECK(tally.errors()[0].count == 2);
  CHECK(tally.errors()[0].message == "first");
  CHECK(tally.errors()[1].cause == ErrorCause::kLimit);
  CHECK(tally.errors()[1].message == "too many");
}

TEST_CASE("error tally: notes are kept once each, and not without end") {
  ErrorTally tally;
  tally.Note("a");
  tally.Note("b");
  tally.Note("a");
  CHECK(tally.notes() == std::vector<std::string>{"a", "b"});
  CHECK(tally.errors().empty());
  for (int i = 0; i < 100; ++i) tally.Note(std::to_string(i));
  CHECK(tally.notes().size() == 16);
}

TEST_CASE("error_tally: another tally's errors and notes are added") {
  ErrorTally sum;
  sum.Add(ErrorCause::kIo, "first");
  ErrorTally part;
  part.Add(ErrorCause::kIo, "second");
  part.Add(ErrorCause::kIo, "third");
  part.Add(ErrorCause::kLimit, "too many");
  part.Note("note");
  sum.Add(part);
  REQUIRE(sum.errors().size() == 2);
  CHECK(sum.errors()[0].count == 3);
  CHECK(sum.errors()[0].message == "first");
  CHECK(sum.errors()[1].cause == ErrorCause::kLimit);
  CHECK(sum.errors()[1].count == 1);
  CHECK(sum.notes() == std::vector<std::string>{"note"});
  CHECK_FALSE(sum.exhausted());
  part.Add({EMFILE, "no more"});
  sum.Add(part);
  CHECK(sum.exhausted());
}

}  // namespace
}  // namespace leak_exporter
