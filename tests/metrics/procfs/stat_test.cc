#include "metrics/procfs/stat.h"

#include <fcntl.h>

#include <cerrno>
#include <string>

#include "tests/catch.h"
#include "tests/fake_proc.h"

namespace leak_exporter::procfs {
namespace {

/// A stat line of kernel 6.18 with this comm.
std::string Line(const std::string& comm) {
  return "4306 (" + comm +
         ") S 4300 4306 4300 34816 4306 4194304 120 30 0 0 5 6 0 0 20 0 3 0 "
         "88211 1843200 230 18446744073709551615 94558 94600 140724603453440 "
         "0 0 0 0 0 65538 0 0 0 17 1 0 0 0 0 0 94700 94800 94900 1 2 3 4 0\n";
}

TEST_CASE("stat: every field that is used") {
  const std::string line = Line("python3");
  const auto stat = ParseStat(line);
  REQUIRE(stat);
  CHECK(stat->pid == 4306);
  CHECK(stat->comm == "python3");
  CHECK(stat->state == 'S');
  CHECK(stat->parent_pid == 4300);
  CHECK(stat->flags == 4194304);
  CHECK(stat->num_threads == 3);
  CHECK(stat->start_time_ticks == 88211);
  CHECK(stat->start_code == 94558);
  CHECK(stat->start_stack == 140724603453440);
}

TEST_CASE("stat: comm may hold parentheses, blanks, newlines and any byte") {
  for (const std::string comm : {"a) S 1 2", "((", "))", ") R", "", " ", "a\nb",
                                 "\xff\xfe", "(sd-pam)", "\t", "4 (x) S 5"}) {
    const std::string line = Line(comm);
    const auto stat = ParseStat(line);
    REQUIRE(stat);
    CHECK(stat->comm == comm);
    CHECK(stat->start_time_ticks == 88211);
  }
}

TEST_CASE("stat: kernel 3.10 ends with other fields") {
  const auto stat = ParseStat(
      "7 (init) S 0 1 1 0 -1 4202752 2 0 0 0 0 0 0 0 20 0 1 0 2 4096 1 "
      "4294967295 134512640 134513640 3219126080 0 0 0 0 0 0 0 0 0 17 0 0 0 0 "
      "0 0 0 0 0 0 0 0 0 0\n");
  REQUIRE(stat);
  CHECK(stat->parent_pid == 0);
  CHECK(stat->start_time_ticks == 2);
  CHECK(stat->start_stack == 3219126080);
}

TEST_CASE("stat: malformed text is an error that says where and what") {
  struct Case {
    std::string text;
    std::string message;
  };
  const std::string whole = Line("x");
  for (const Case& bad : {
           Case{"", "1: no comm in ''"},
           Case{"12", "1: no comm in '12'"},
           Case{"12 (a", "1: no comm in '12 (a'"},
           Case{"12 (a) ", "1: too few fields in '12 (a) '"},
           Case{"x (a) S 1 ", "1: bad pid 'x'"},
           Case{whole.substr(0, 30),
                "1: too few fields in '4306 (x) S 4300 "
                "4306 4300 3481'"},
       }) {
    const auto stat = ParseStat(bad.text);
    REQUIRE_FALSE(stat);
    CHECK(stat.error().code == 0);
    CHECK(stat.error().message == bad.message);
  }
}

TEST_CASE("stat: a field that is no number is named") {
  struct Case {
    std::string from;
    std::string to;
    std::string message;
  };
  for (const Case& bad : {
           Case{"4306 (", "43o6 (", "1: bad pid '43o6'"},
           Case{" S 4300", " SS 4300", "1: bad state 'SS'"},
           Case{" S 4300", " S -4300", "1: bad ppid '-4300'"},
           Case{" 4194304", " 99999999999", "1: bad flags '99999999999'"},
           Case{" 20 0 3 ", " 20 0 x ", "1: bad num_threads 'x'"},
           Case{" 88211 ", " 99999999999999999999 ",
                "1: bad starttime '99999999999999999999'"},
           Case{" 94558 ", "  ", "1: bad startcode ''"},
           Case{" 140724603453440", " \x1b[2J", "1: bad startstack '?[2J'"},
       }) {
    std::string line = Line("x");
    line.replace(line.find(bad.from), bad.from.size(), bad.to);
    const auto stat = ParseStat(line);
    REQUIRE_FALSE(stat);
    CHECK(stat.error().message == bad.message);
  }
}

TEST_CASE("stat: a number torn at the end of the text is not believed") {
  const std::string line = Line("x");
  const size_t end = line.find("140724603453440") + 5;
  CHECK_FALSE(ParseStat(line.substr(0, end)));
}

TEST_CASE("stat: read by pid or by any path, with the path in errors") {
  const FakeProc proc;
  proc.Write("4306/stat", Line("python3"));
  proc.Write("7/stat", "torn");
  std::string buffer;
  const auto by_pid = ReadStat(proc.fs(), 4306, buffer);
  REQUIRE(by_pid);
  CHECK(by_pid->comm == "python3");
  const std::string path = proc.root() + "/4306/stat";
  CHECK(ReadStatAt(AT_FDCWD, path.c_str(), buffer)->pid == 4306);
  CHECK(ReadStat(proc.fs(), 7, buffer).error().message ==
        proc.root() + "/7/stat:1: no comm in 'torn'");
  const auto gone = ReadStat(proc.fs(), 8, buffer);
  REQUIRE_FALSE(gone);
  CHECK(gone.error().code == ENOENT);
  CHECK(gone.error().message ==
        proc.root() + "/8/stat: No such file or directory");
}

TEST_CASE("stat: start times become durations and never overflow") {
  CHECK(StartSinceBoot(12'345) == std::chrono::milliseconds(123'450));
  CHECK(StartSinceBoot(0) == std::chrono::nanoseconds(0));
  CHECK(StartSinceBoot(UINT64_MAX) > std::chrono::hours(24 * 365 * 200));
}

}  // namespace
}  // namespace leak_exporter::procfs
