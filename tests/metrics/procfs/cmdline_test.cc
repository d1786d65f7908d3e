#include "metrics/procfs/cmdline.h"

#include <string>

#include "tests/catch.h"
#include "tests/fake_proc.h"

namespace leak_exporter::procfs {
namespace {

using std::string_literals::operator""s;

TEST_CASE("cmdline: arguments are joined by spaces") {
  struct Case {
    std::string cmdline;
    std::string joined;
  };
  for (const Case& expected : {
           Case{"", ""},
           Case{"\0\0"s, ""},
           Case{"python3\0"s, "python3"},
           Case{"python3\0-m\0app worker\0"s, "python3 -m app worker"},
           Case{"a\0\0b\0"s, "a  b"},
           Case{"nginx: master process\0\0\0\0"s, "nginx: master process"},
           Case{"no end"s, "no end"},
           Case{"\xff\n\0x\0"s, "\xff\n x"},
       }) {
    CHECK(JoinArguments(expected.cmdline) == expected.joined);
  }
}

TEST_CASE("cmdline: endless arguments are cut") {
  const FakeProc proc;
  proc.Write(7, "cmdline", std::string(1'000'000, 'x'));
  std::string buffer;
  const auto arguments = ReadArguments(proc.Open(7), buffer);
  REQUIRE(arguments);
  CHECK(arguments->size() == 65'536);
}

}  // namespace
}  // namespace leak_exporter::procfs
