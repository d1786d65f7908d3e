#include <sys/types.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/in_child.h"
#include "tests/metrics/targets/watched_tree.h"

namespace leak_exporter {
namespace {

TEST_CASE("tree: one that cannot be parsed is left out and counted") {
  Watched watched;
  watched.tree[101].parent = kMain;
  watched.tree[102].parent = kMain;
  watched.tree[103].parent = kMain;
  watched.tree[103].threads = 1;
  watched.tree[104].parent = 103;
  watched.tree.Sync();
  watched.tree.Write(102, "status", "Name:\tapp\nState:\tS\nPPid:\tx\n");
  watched.tree.WriteChildren(103, "10x ");
  watched.Measure();
  CHECK(watched.descendants() == Pids{101, 103});
  CHECK(watched.causes() == std::vector<std::string>{"malformed 2"});
}

TEST_CASE("tree: one that may not be read is left out and counted") {
  Watched watched;
  watched.tree[101].parent = kMain;
  watched.tree[102].parent = kMain;
  watched.tree.Sync();
  std::filesystem::permissions(watched.tree.root(),
                               std::filesystem::perms::all);
  std::filesystem::permissions(watched.tree.root() + "/102/status",
                               std::filesystem::perms::none);
  const std::string seen = InChild([&] {
    constexpr uid_t kNobody = 65'534;
    if (::geteuid() == 0 && ::setresuid(kNobody, kNobody, kNobody) != 0) {
      return std::string("setresuid");
    }
    watched.Measure();
    std::string text;
    for (const pid_t pid : watched.descendants()) {
      text += std::to_string(pid) + " ";
    }
    for (const std::string& cause : watched.causes()) text += cause + " ";
    return text;
  });
  CHECK(seen == "101 permission 1 ");
}

TEST_CASE("tree: who is listed and hidden from sight is counted") {
  Watched watched;
  watched.tree[101].parent = kMain;
  watched.tree.Erase(1);
  watched.tree.Sync();
  watched.tree.WriteSelf();
  // This process exists; the proc filesystem shows neither it nor pid 1.
  watched.tree.WriteChildren(kMain, "101 " + std::to_string(::getpid()) + " ");
  watched.Measure();
  CHECK(watched.descendants() == Pids{101});
  CHECK(watched.causes() == std::vector<std::string>{"permission 1"});
}

}  // namespace
}  // namespace leak_exporter
