#include "metrics/render/support/find_by_pid.h"

#include <string>
#include <vector>

#include "tests/catch.h"

namespace leak_exporter::render {
namespace {

struct Named {
  pid_t pid;
  std::string name;
};

TEST_CASE("find by pid: the element that a process has") {
  const std::vector<Named> processes = {{7, "a"}, {9, "b"}, {8, "c"}};
  REQUIRE(FindByPid(processes, 8) != nullptr);
  CHECK(FindByPid(processes, 8)->name == "c");
  CHECK(FindByPid(processes, 7) == &processes[0]);
}

TEST_CASE("find by pid: null for a process that has none") {
  CHECK(FindByPid(std::vector<Named>{{7, "a"}}, 8) == nullptr);
  CHECK(FindByPid(std::vector<Named>{}, 0) == nullptr);
}

}  // namespace
}  // namespace leak_exporter::render
