#include "metrics/collectors/support/directory_places.h"

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "metrics/collectors/support/working_directories.h"
#include "tests/catch.h"
#include "tests/collect.h"
#include "tests/metrics/collectors/support/machine.h"
#include "tests/scratch_directory.h"

namespace leak_exporter {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;

TEST_CASE("directory_places: by a path, which must lead to a directory") {
  const ScratchDirectory directory;
  const std::string& top = directory.path();
  fs::create_directory(top + "/cache");
  fs::create_symlink("cache", top + "/link");
  std::ofstream(top + "/file") << "x";
  Machine machine;
  const auto main = machine.Add(5, "/").handle;
  const auto place =
      FindByPath(machine.roots, main, top + "/cache", machine.looking);
  REQUIRE(place);
  CHECK(place->path == top + "/cache");
  CHECK(place->users.empty());
  CHECK(place->main == main);
  const auto linked =
      FindByPath(machine.roots, main, top + "/link", machine.looking);
  REQUIRE(linked);
  CHECK(linked->id == place->id);
  CHECK(linked->path == top + "/link");
  CHECK(FindByPath(machine.roots, main, top + "/missing", machine.looking)
            .error()
            .code == ENOENT);
  CHECK(FindByPath(machine.roots, main, top + "/file", machine.looking)
            .error()
            .message == top + "/file: Not a directory");
}

TEST_CASE("directory_places: by a pattern, and none without a root") {
  const ScratchDirectory directory;
  const std::string& top = directory.path();
  for (const std::string name : {"tmpb", "tmpa", "other"}) {
    fs::create_directory(top + "/" + name);
  }
  Machine machine;
  const auto main = machine.Add(5, "/").handle;
  ErrorTally errors;
  const auto places =
      FindByGlob(machine.roots, main, top + "/tmp*", machine.looking, errors);
  REQUIRE(places.size() == 2);
  CHECK(places[0].path == top + "/tmpa");
  CHECK(places[1].path == top + "/tmpb");
  CHECK(places[1].main == main);
  CHECK(Causes(errors).empty());

  const auto rootless = machine.Add(6, "/").handle;
  fs::remove(rootless->Path("root"));
  fs::create_symlink("root", rootless->Path("root"));
  CHECK(FindByGlob(machine.roots, rootless, top + "/tmp*", machine.looking,
                   errors)
            .empty());
  CHECK(Causes(errors) == std::vector<std::string>{"io 1"});
}

TEST_CASE(
    "directory_places: a place is reached through who still works there") {
  const ScratchDirectory directory;
  const std::string job = directory.path() + "/job";
  fs::create_directory(job);
  Machine machine;
  ProcessTree tree;
  tree.descendants = {machine.Add(10, job, seconds(1)),
                      machine.Add(11, job, seconds(2))};
  ErrorTally errors;
  const WorkingDirectories found =
      FindWorkingDirectories(tree, machine.looking, errors);
  REQUIRE(found.places.size() == 1);
  const DirectoryPlace& place = found.places[0];
  const auto open = [&] {
    return FindWay(machine.roots, place).and_then(OpenPlace);
  };
  const auto pid = [&] { return open()->pid; };
  CHECK(pid() == 10);
  machine.MoveTo(10, directory.path());
  CHECK(pid() == 11);
  machine.MoveTo(11, "");
  const auto none = open();
  REQUIRE_FALSE(none);
  CHECK(none.error().code == ENOENT);
  CHECK(none.error().message == job + ": not in use any more");
}

TEST_CASE("directory_places: a way owns little, however many users there are") {
  const ScratchDirectory directory;
  Machine machine;
  ProcessTree tree;
  for (pid_t pid = 10; pid < 30; ++pid) {
    tree.descendants.push_back(machine.Add(pid, directory.path()));
  }
  ErrorTally errors;
  const WorkingDirectories found =
      FindWorkingDirectories(tree, machine.looking, errors);
  REQUIRE(found.places.size() == 1);
  REQUIRE(found.places[0].users.size() == 20);
  // Those that went elsewhere are not the way.
  for (pid_t pid = 10; pid < 15; ++pid) machine.MoveTo(pid, "/");
  const auto way = FindWay(machine.roots, found.places[0]);
  REQUIRE(way);
  std::vector<pid_t> users;
  for (const auto& user : way->users) users.push_back(user.process->pid());
  CHECK(users == std::vector<pid_t>{15, 16, 17, 18});
  // The directory was renamed: no link says its name.
  fs::create_directory(directory.path() + "/other");
  for (pid_t pid = 10; pid < 30; ++pid) {
    machine.MoveTo(pid, directory.path() + "/.");
  }
  const auto renamed = FindWay(machine.roots, found.places[0]);
  REQUIRE(renamed);
  CHECK(renamed->users.size() == 4);
  CHECK(OpenPlace(*renamed));
}

TEST_CASE("directory_places: what hangs is an error with the path") {
  const ScratchDirectory directory;
  Machine machine;
  machine.looks.hangs = [](const Look&) { return true; };
  const auto main = machine.Add(5, "/").handle;
  const auto place =
      FindByPath(machine.roots, main, directory.path(), machine.looking);
  REQUIRE_FALSE(place);
  CHECK(place.error().code == ETIMEDOUT);
  CHECK(place.error().message == directory.path() + ": does not answer");
  ErrorTally errors;
  CHECK(FindByGlob(machine.roots, main, directory.path() + "/*",
                   machine.looking, errors)
            .empty());
  CHECK(Causes(errors) == std::vector<std::string>{"timeout 1"});
}

TEST_CASE("directory_places: a path that is another directory by now is gone") {
  const ScratchDirectory directory;
  const std::string path = directory.path() + "/cache";
  fs::create_directory(path);
  Machine machine;
  const auto place = FindByPath(machine.roots, machine.Add(5, "/").handle, path,
                                machine.looking);
  REQUIRE(place);
  const auto way = FindWay(machine.roots, *place);
  REQUIRE(way);
  const auto opened = OpenPlace(*way);
  REQUIRE(opened);
  CHECK(opened->fd.valid());
  CHECK(opened->pid == 0);
  fs::rename(path, directory.path() + "/moved");
  CHECK(IsGone(OpenPlace(*way).error()));
  fs::create_directory(path);
  const auto other = OpenPlace(*way);
  REQUIRE_FALSE(other);
  CHECK(other.error().code == ENOENT);
  CHECK(other.error().message == path + ": another directory by now");
}

}  // namespace
}  // namespace leak_exporter
