#include "metrics/procfs/children.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/fake_proc.h"

namespace leak_exporter::procfs {
namespace {

TEST_CASE("children: pids, each followed by a blank") {
  struct Case {
    std::string text;
    std::vector<pid_t> children;
  };
  for (const Case& expected :
       {Case{"", {}}, Case{"7 ", {7}}, Case{"4310 4311 12 ", {4310, 4311, 12}},
        Case{"2147483647 ", {2147483647}}}) {
    std::vector<pid_t> children;
    CHECK(ParseChildren(expected.text, children));
    CHECK(children == expected.children);
  }
}

TEST_CASE("children: what is torn or no pid is an error") {
  struct Case {
    std::string text;
    std::string message;
  };
  for (const Case& bad :
       {Case{"43", "1: bad child '43'"}, Case{"7 43", "1: bad child '43'"},
        Case{" ", "1: bad child ''"}, Case{"7  8 ", "1: bad child ''"},
        Case{"0 ", "1: bad child '0'"}, Case{"-7 ", "1: bad child '-7'"},
        Case{"x ", "1: bad child 'x'"}, Case{"7\n", "1: bad child '7?'"},
        Case{"2147483648 ", "1: bad child '2147483648'"}}) {
    std::vector<pid_t> children;
    const auto parsed = ParseChildren(bad.text, children);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().message == bad.message);
  }
}

TEST_CASE("children: those of every thread belong to the process") {
  const FakeProc proc;
  proc.Write(7, "task/7/children", "10 ");
  proc.Write(7, "task/8/children", "11 12 ");
  proc.Write(7, "task/9/children", "");
  proc.Write(7, "task/9/stat", "");
  std::string buffer;
  std::vector<pid_t> children;
  REQUIRE(ReadChildren(proc.Open(7), 3, buffer, children));
  std::sort(children.begin(), children.end());
  CHECK(children == std::vector<pid_t>{10, 11, 12});
}

TEST_CASE("children: a thread that ended meanwhile is no error") {
  const FakeProc proc;
  proc.Write(7, "task/7/children", "10 ");
  std::filesystem::create_directories(proc.root() + "/7/task/8");
  std::string buffer;
  std::vector<pid_t> children;
  REQUIRE(ReadChildren(proc.Open(7), 2, buffer, children));
  CHECK(children == std::vector<pid_t>{10});
}

TEST_CASE("children: a kernel without the file is told from a gone process") {
  const FakeProc proc;
  proc.Write(7, "task/7/stat", "");
  const ProcessHandle process = proc.Open(7);
  std::string buffer;
  std::vector<pid_t> children;
  for (const uint32_t threads : {1U, 2U}) {
    const auto missing = ReadChildren(process, threads, buffer, children);
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == ENOSYS);
    CHECK(missing.error().message ==
          proc.root() + "/7/task/7/children: not in this kernel");
  }
  std::filesystem::remove_all(proc.root() + "/7");
  const auto gone = ReadChildren(process, 1, buffer, children);
  REQUIRE_FALSE(gone);
  CHECK(IsGone(gone.error()));
}

TEST_CASE("children: an error names the file") {
  const FakeProc proc;
  proc.Write(7, "task/7/children", "10 x");
  std::string buffer;
  std::vector<pid_t> children;
  CHECK(ReadChildren(proc.Open(7), 1, buffer, children).error().message ==
        proc.root() + "/7/task/7/children:1: bad child 'x'");
}

}  // namespace
}  // namespace leak_exporter::procfs
