#include "metrics/targets/pid_file.h"

#include <cerrno>
#include <fstream>
#include <string>

#include "tests/catch.h"
#include "tests/scratch_directory.h"

namespace leak_exporter {
namespace {

TEST_CASE("pid_file: one number, with blanks around it at most") {
  for (const std::string text :
       {"4306", "4306\n", "  4306\r\n", "\t4306 \n\n"}) {
    const auto pid = ParsePidFile(text);
    REQUIRE(pid);
    CHECK(*pid == 4306);
  }
}

TEST_CASE("pid_file: anything else is an error that shows it") {
  struct Case {
    std::string text;
    std::string message;
  };
  for (const Case& bad : {
           Case{"", "1: no pid in ''"},
           Case{" \n", "1: no pid in ' ?'"},
           Case{"0\n", "1: no pid in '0?'"},
           Case{"-1", "1: no pid in '-1'"},
           Case{"+7", "1: no pid in '+7'"},
           Case{"43 06", "1: no pid in '43 06'"},
           Case{"x", "1: no pid in 'x'"},
           Case{"4294967296", "1: no pid in '4294967296'"},
       }) {
    const auto pid = ParsePidFile(bad.text);
    REQUIRE_FALSE(pid);
    CHECK(pid.error().message == bad.message);
  }
}

TEST_CASE("pid_file: errors name the file") {
  const ScratchDirectory directory;
  const std::string path = directory.path() + "/app.pid";
  const auto missing = ReadPidFile(path);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == ENOENT);
  std::ofstream(path) << "soon";
  CHECK(ReadPidFile(path).error().message == path + ":1: no pid in 'soon'");
  std::ofstream(path) << "17\n";
  CHECK(ReadPidFile(path) == 17);
  CHECK_FALSE(ReadPidFile("/dev/zero"));
}

}  // namespace
}  // namespace leak_exporter
