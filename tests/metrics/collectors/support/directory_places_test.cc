#include "metrics/collectors/support/directory_places.h"

#include <fcntl.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "metrics/base/clock.h"
#include "tests/catch.h"
#include "tests/collect.h"
#include "tests/fake_proc.h"
#include "tests/scratch_directory.h"

namespace leak_exporter {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;

/// Made-up processes that work in directories of a test.
class Machine {
 public:
  /// Its working directory is what the link leads to; without one where empty.
  ProcessSample Add(pid_t pid, const std::string& cwd,
                    seconds start = seconds(0)) {
    proc.Write(pid, "status", "");
    const std::string directory = proc.root() + "/" + std::to_string(pid);
    fs::create_symlink("/", directory + "/root");
    if (!cwd.empty()) fs::create_symlink(cwd, directory + "/cwd");
    ProcessSample sample = SampleOf(proc.fs(), pid);
    sample.start_since_boot = start;
    return sample;
  }
  void MoveTo(pid_t pid, const std::string& cwd) const {
    const std::string link = proc.root() + "/" + std::to_string(pid) + "/cwd";
    fs::remove(link);
    if (!cwd.empty()) fs::create_symlink(cwd, link);
  }

  FakeProc proc;
  procfs::ProcFs fs_ = proc.fs();
  TargetRoots roots{fs_};
};

std::vector<pid_t> PidsOf(const std::vector<DirectoryPlace::Handle>& handles) {
  std::vector<pid_t> pids;
  for (const auto& handle : handles) pids.push_back(handle->pid());
  return pids;
}

std::vector<std::string> Causes(const ErrorTally& errors) {
  std::vector<std::string> causes;
  for (const CollectorError& error : errors.errors()) {
    causes.push_back(std::string(NameOf(error.cause)) + " " +
                     std::to_string(error.count));
  }
  return causes;
}

TEST_CASE("directory_places: those who work in one directory, oldest first") {
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
  const WorkingDirectories found = FindWorkingDirectories(tree, errors);
  CHECK(found.known);
  CHECK(Causes(errors).empty());
  REQUIRE(found.places.size() == 2);
  CHECK(found.places[0].path == one.path());
  CHECK(PidsOf(found.places[0].users) == std::vector<pid_t>{20, 10, 30});
  CHECK(found.places[0].main->pid() == 5);
  CHECK(found.places[1].path == other.path());
  CHECK(found.places[0].id != found.places[1].id);
}

TEST_CASE("directory_places: where nobody made a directory for the child") {
  const ScratchDirectory directory;
  const std::string& top = directory.path();
  fs::create_directories(top + "/job/tmp");
  Machine machine;
  ProcessTree tree = TreeOf({machine.Add(5, top + "/job")});
  tree.descendants = {machine.Add(10, top + "/job"),
                      machine.Add(11, top),
                      machine.Add(12, "/"),
                      machine.Add(13, "/proc/self"),
                      machine.Add(14, top + "/job/tmp"),
                      machine.Add(15, top + "/job/tmp")};
  tree.descendants.back().status.state = 'Z';
  ErrorTally errors;
  const WorkingDirectories found = FindWorkingDirectories(tree, errors);
  REQUIRE(found.places.size() == 1);
  CHECK(found.places[0].path == top + "/job/tmp");
  CHECK(PidsOf(found.places[0].users) == std::vector<pid_t>{14});
  // Of no main process that is in the tree: the child stands for itself.
  CHECK(found.places[0].main->pid() == 14);
}

TEST_CASE("directory_places: unknown only where none could be looked at") {
  const ScratchDirectory directory;
  const std::string loop = directory.path() + "/loop";
  fs::create_symlink("loop", loop);
  fs::create_directory(directory.path() + "/job");
  Machine machine;
  ProcessTree tree;
  const auto known = [&](const std::vector<std::string>& causes) {
    ErrorTally errors;
    const WorkingDirectories found = FindWorkingDirectories(tree, errors);
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

TEST_CASE("directory_places: by a path, which must lead to a directory") {
  const ScratchDirectory directory;
  const std::string& top = directory.path();
  fs::create_directory(top + "/cache");
  fs::create_symlink("cache", top + "/link");
  std::ofstream(top + "/file") << "x";
  Machine machine;
  const auto main = machine.Add(5, "/").handle;
  const auto place = FindByPath(machine.roots, main, top + "/cache");
  REQUIRE(place);
  CHECK(place->path == top + "/cache");
  CHECK(place->users.empty());
  CHECK(place->main == main);
  const auto linked = FindByPath(machine.roots, main, top + "/link");
  REQUIRE(linked);
  CHECK(linked->id == place->id);
  CHECK(linked->path == top + "/link");
  CHECK(FindByPath(machine.roots, main, top + "/missing").error().code ==
        ENOENT);
  CHECK(FindByPath(machine.roots, main, top + "/file").error().message ==
        top + "/file: Not a directory");
}

TEST_CASE("directory_places: by a pattern, and none without a root") {
  const ScratchDirectory directory;
  const std::string& top = directory.path();
  for (const std::string name : {"tmpb", "tmpa", "other"}) {
    fs::create_directory(top + "/" + name);
  }
  Machine machine;
  const auto main = machine.Add(5, "/").handle;
  const SystemClock clock;
  ErrorTally errors;
  const auto places = FindByGlob(machine.roots, main, top + "/tmp*",
                                 Deadline::Never(clock), errors);
  REQUIRE(places.size() == 2);
  CHECK(places[0].path == top + "/tmpa");
  CHECK(places[1].path == top + "/tmpb");
  CHECK(places[1].main == main);
  CHECK(Causes(errors).empty());

  const auto rootless = machine.Add(6, "/").handle;
  fs::remove(rootless->Path("root"));
  fs::create_symlink("root", rootless->Path("root"));
  CHECK(FindByGlob(machine.roots, rootless, top + "/tmp*",
                   Deadline::Never(clock), errors)
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
  const WorkingDirectories found = FindWorkingDirectories(tree, errors);
  REQUIRE(found.places.size() == 1);
  const DirectoryPlace& place = found.places[0];
  const auto pid = [&] { return OpenPlace(machine.roots, place)->pid; };
  CHECK(pid() == 10);
  machine.MoveTo(10, directory.path());
  CHECK(pid() == 11);
  machine.MoveTo(11, "");
  const auto none = OpenPlace(machine.roots, place);
  REQUIRE_FALSE(none);
  CHECK(none.error().code == ENOENT);
  CHECK(none.error().message == job + ": not in use any more");
}

TEST_CASE("directory_places: a path that is another directory by now is gone") {
  const ScratchDirectory directory;
  const std::string path = directory.path() + "/cache";
  fs::create_directory(path);
  Machine machine;
  const auto place =
      FindByPath(machine.roots, machine.Add(5, "/").handle, path);
  REQUIRE(place);
  const auto opened = OpenPlace(machine.roots, *place);
  REQUIRE(opened);
  CHECK(opened->fd.valid());
  CHECK(opened->pid == 0);
  fs::rename(path, directory.path() + "/moved");
  CHECK(IsGone(OpenPlace(machine.roots, *place).error()));
  fs::create_directory(path);
  const auto other = OpenPlace(machine.roots, *place);
  REQUIRE_FALSE(other);
  CHECK(other.error().code == ENOENT);
  CHECK(other.error().message == path + ": another directory by now");
}

}  // namespace
}  // namespace leak_exporter
