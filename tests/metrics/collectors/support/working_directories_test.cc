#include "metrics/collectors/support/working_directories.h"

#include <chrono>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "tests/catch.h"
#include "tests/collect.h"
#include "tests/metrics/collectors/support/machine.h"
#include "tests/scratch_directory.h"

namespace leak_exporter {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;

std::vector<pid_t> PidsOf(const std::vector<DirectoryPlace::Handle>& handles) {
  std::vector<pid_t> pids;
  for (const auto& handle : handles) pids.push_back(handle->pid());
  return pids;
}

TEST_CASE(
    "working_directories: those who work in one directory, oldest first") {
  const ScratchDirectory one;
  const ScratchDirectory other;
  Machine machine;
  ProcessTree tree = TreeOf({machine.Add(5, "/")});
  tree.descendants = {machine.Add(30, one.path(), seconds(2)),
                      machine.Add(20, one.path(), seconds(1)),
                      machine.Add(10, one.path(), seconds(2)),
                      machine.Add(40, other.path(), seconds(9))};
  for (ProcessSample& child : tree.descendants) child.main_pid = 5;
  ErrorTally errors;
  const WorkingDirectories found =
      FindWorkingDirectories(tree, machine.looking, errors);
  CHECK(found.known);
  CHECK(Causes(errors).empty());
  REQUIRE(found.places.size() == 2);
  CHECK(found.places[0].path == one.path());
  CHECK(PidsOf(found.places[0].users) == std::vector<pid_t>{20, 10, 30});
  CHECK(found.places[0].main->pid() == 5);
  CHECK(found.places[1].path == other.path());
  CHECK(found.places[0].id != found.places[1].id);
}

TEST_CASE("working_directories: where nobody made a directory for the child") {
  const ScratchDirectory directory;
  const std::string& top = directory.path();
  fs::create_directories(top + "/job/tmp");
  Machine machine;
  ProcessTree tree = TreeOf({machine.Add(5, top + "/job")});
  tree.descendants = {machine.Add(10, top + "/job"), machine.Add(11, top),
                      machine.Add(12, "/"), machine.Add(14, top + "/job/tmp"),
                      machine.Add(15, top + "/job/tmp")};
  tree.descendants.back().status.state = 'Z';
  ErrorTally errors;
  const WorkingDirectories found =
      FindWorkingDirectories(tree, machine.looking, errors);
  REQUIRE(found.places.size() == 1);
  CHECK(found.places[0].path == top + "/job/tmp");
  CHECK(PidsOf(found.places[0].users) == std::vector<pid_t>{14});
  // Of no main process that is in the tree: the child stands for itself.
  CHECK(found.places[0].main->pid() == 14);
}

TEST_CASE("working_directories: unknown only where none could be looked at") {
  const ScratchDirectory directory;
  const std::string loop = directory.path() + "/loop";
  fs::create_symlink("loop", loop);
  fs::create_directory(directory.path() + "/job");
  Machine machine;
  ProcessTree tree;
  const auto known = [&](const std::vector<std::string>& causes) {
    ErrorTally errors;
    const WorkingDirectories found =
        FindWorkingDirectories(tree, machine.looking, errors);
    CHECK(Causes(errors) == causes);
    return found.known;
  };
  CHECK(known({}));
  // Gone is no failure.
  tree.descendants = {machine.Add(10, "")};
  CHECK(known({}));
  tree.descendants.push_back(machine.Add(11, loop));
  tree.descendants.push_back(machine.Add(12, loop));
  CHECK_FALSE(known({"io 2"}));
  tree.descendants.push_back(machine.Add(13, directory.path() + "/job"));
  CHECK(known({"io 2"}));
}

TEST_CASE("working_directories: too many are unknown, and so are too long") {
  const auto [count, length] = GENERATE(std::pair<int, size_t>(8193, 1),
                                        std::pair<int, size_t>(300, 3500));
  const ScratchDirectory directory;
  // Links that lead nowhere: what they say is enough.
  const std::string name = directory.path() + "/" + std::string(length, '.');
  Machine machine;
  ProcessTree tree = TreeOf({machine.Add(5, "/")});
  const auto add = [&](int number) {
    tree.descendants.push_back(
        machine.Add(10 + number, name + "/" + std::to_string(number)));
  };
  for (int i = 0; i < count - 1; ++i) add(i);
  ErrorTally errors;
  if (length == 1) {
    CHECK(FindWorkingDirectories(tree, machine.looking, errors).known);
    CHECK(Causes(errors).empty());
  }
  add(count);
  const WorkingDirectories found =
      FindWorkingDirectories(tree, machine.looking, errors);
  CHECK_FALSE(found.known);
  CHECK(found.places.empty());
  CHECK(Causes(errors) == std::vector<std::string>{"limit 1"});
}

TEST_CASE("working_directories: of a tree that is not whole none are known") {
  Machine machine;
  ProcessTree tree = TreeOf({machine.Add(5, "/")});
  tree.whole = false;
  ErrorTally errors;
  CHECK_FALSE(FindWorkingDirectories(tree, machine.looking, errors).known);
  CHECK(Causes(errors) == std::vector<std::string>{"limit 1"});
}

TEST_CASE("working_directories: one that hangs leaves the others known") {
  const ScratchDirectory hung;
  const ScratchDirectory other;
  Machine machine;
  machine.looks.hangs = [&](const Look& look) {
    return look.key.path == hung.path();
  };
  ProcessTree tree = TreeOf({machine.Add(5, "/")});
  tree.descendants = {
      machine.Add(10, hung.path()), machine.Add(11, other.path()),
      machine.Add(12, hung.path()), machine.Add(13, other.path())};
  ErrorTally errors;
  const WorkingDirectories found =
      FindWorkingDirectories(tree, machine.looking, errors);
  CHECK(found.known);
  REQUIRE(found.places.size() == 1);
  CHECK(found.places[0].path == other.path());
  CHECK(PidsOf(found.places[0].users) == std::vector<pid_t>{11, 13});
  CHECK(Causes(errors) == std::vector<std::string>{"timeout 2"});
  // One look for the main process, and one for each text.
  CHECK(machine.looks.looked.size() == 3);
}

TEST_CASE("working_directories: what is above a main one that hangs is none") {
  const ScratchDirectory directory;
  const std::string& top = directory.path();
  fs::create_directories(top + "/job/main");
  fs::create_directories(top + "/job/mainly");
  Machine machine;
  machine.looks.hangs = [&](const Look& look) {
    return look.key.path == top + "/job/main";
  };
  ProcessTree tree = TreeOf({machine.Add(5, top + "/job/main")});
  tree.descendants = {machine.Add(10, top), machine.Add(11, top + "/job"),
                      machine.Add(12, top + "/job/mainly")};
  ErrorTally errors;
  const WorkingDirectories found =
      FindWorkingDirectories(tree, machine.looking, errors);
  REQUIRE(found.places.size() == 1);
  CHECK(found.places[0].path == top + "/job/mainly");
  CHECK(Causes(errors) == std::vector<std::string>{"timeout 1"});
}

}  // namespace
}  // namespace leak_exporter
