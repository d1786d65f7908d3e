#include "metrics/collectors/disk_usage.h"

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/metrics/collectors/disk_run.h"
#include "tests/scratch_directory.h"
#include "tests/ticking_clock.h"

namespace leak_exporter {
namespace {

namespace fs = std::filesystem;
using Directories = std::vector<TemporaryDirectory>;

TEST_CASE("disk_usage: repository caches, there or not") {
  const ScratchDirectory directory;
  const std::string& top = directory.path();
  fs::create_directory(top + "/cache");
  WriteFile(top + "/cache/file", 300'907);
  WriteFile(top + "/file", 1);
  fs::create_symlink("cache", top + "/link");
  const Main main;
  Processes processes;
  processes.AddMain(main.pid());
  config::TargetConfig target;
  target.repository_caches = {top + "/cache", top + "/missing", top + "/file",
                              top + "/link"};
  const Run run = Measure(processes, target);
  const auto& caches = run.disk->repository_caches;
  REQUIRE(caches.size() == 4);
  for (const size_t i : {size_t{0}, size_t{3}}) {
    CHECK(caches[i].path == target.repository_caches[i]);
    CHECK(caches[i].main_pid == main.pid());
    CHECK(caches[i].exists);
    CHECK(caches[i].inode == caches[0].inode);
    REQUIRE(caches[i].usage);
    CHECK(caches[i].usage->apparent_bytes == 300'907);
    CHECK(caches[i].usage->entries == 1);
  }
  CHECK_FALSE(caches[1].exists);
  CHECK(caches[1].error.empty());
  CHECK_FALSE(caches[2].exists);
  CHECK(caches[2].error == top + "/file: Not a directory");
  REQUIRE(run.errors.size() == 1);
  CHECK(run.errors[0].cause == ErrorCause::kIo);
}

TEST_CASE("disk_usage: distinct working directories, by their oldest child") {
  const ScratchDirectory directory;
  const std::string& top = directory.path();
  fs::create_directories(top + "/large");
  fs::create_directories(top + "/small/inner");
  WriteFile(top + "/large/file", 5'000'000);
  WriteFile(top + "/small/file", 10);
  const auto first = WorkIn(top + "/small");
  const auto second = WorkIn(top + "/large");
  const auto third = WorkIn(top + "/large");
  const auto nested = WorkIn(top + "/small/inner");
  const auto zombie = WorkIn(top);
  zombie->MakeZombie();
  const Main main;
  Processes processes;
  processes.AddMain(main.pid());
  for (const auto* child : {&first, &second, &third, &nested}) {
    processes.AddChild((*child)->pid());
  }
  processes.AddChild(zombie->pid(), 'Z');
  const Run run = Measure(processes, {});
  const Directories& found = run.disk->temporary_directories;
  REQUIRE(found.size() == 3);
  CHECK(found[0].pid == second->pid());
  CHECK(found[0].main_pid == main.pid());
  CHECK(found[0].path == top + "/large");
  REQUIRE(found[0].usage);
  CHECK(found[0].usage->apparent_bytes == 5'000'000);
  CHECK(found[1].path == top + "/small");
  CHECK(found[2].path == top + "/small/inner");
  CHECK(found[2].usage->apparent_bytes == 0);
  CHECK(run.disk->working_directories_known);
  CHECK(run.errors.empty());
}

TEST_CASE("disk_usage: a deleted working directory is in use and empty") {
  const ScratchDirectory directory;
  const std::string path = directory.path() + "/gone";
  fs::create_directory(path);
  const auto child = WorkIn(path);
  fs::remove(path);
  const Main main;
  Processes processes;
  processes.AddMain(main.pid());
  processes.AddChild(child->pid());
  const Run run = Measure(processes, {});
  const Directories& found = run.disk->temporary_directories;
  REQUIRE(found.size() == 1);
  CHECK(found[0].path == path + " (deleted)");
  REQUIRE(found[0].usage);
  CHECK(found[0].usage->apparent_bytes == 0);
  CHECK(found[0].usage->entries == 0);
}

TEST_CASE("disk_usage: globs add what no child works in, once") {
  const ScratchDirectory directory;
  const std::string& top = directory.path();
  for (const std::string name : {"tmpa", "tmpb", "tmpc", "other"}) {
    fs::create_directory(top + "/" + name);
  }
  WriteFile(top + "/tmpa/file", 100);
  WriteFile(top + "/tmpb/file", 300);
  WriteFile(top + "/tmpc/file", 200);
  const auto child = WorkIn(top + "/tmpa");
  const Main main;
  const Main other_main;
  Processes processes;
  processes.AddMain(main.pid());
  processes.AddChild(child->pid());
  processes.AddMain(other_main.pid());
  config::TargetConfig target;
  target.temporary_directories.paths = {top + "/tmp*", top + "/tmp[ab]"};
  const Run run = Measure(processes, target);
  const Directories& found = run.disk->temporary_directories;
  REQUIRE(found.size() == 3);
  CHECK(found[0].path == top + "/tmpb");
  CHECK(found[0].pid == 0);
  CHECK(found[0].main_pid == main.pid());
  CHECK(found[1].path == top + "/tmpc");
  CHECK(found[2].path == top + "/tmpa");
  CHECK(found[2].pid == child->pid());

  target.temporary_directories.children_working_directories = false;
  const Run globs_only = Measure(processes, target);
  CHECK_FALSE(globs_only.disk->working_directories_known);
  REQUIRE(globs_only.disk->temporary_directories.size() == 3);
  CHECK(globs_only.disk->temporary_directories[2].pid == 0);
}

TEST_CASE("disk_usage: a cache that children work in is measured as both") {
  const ScratchDirectory directory;
  WriteFile(directory.path() + "/file", 42);
  const auto child = WorkIn(directory.path());
  const Main main;
  const Main second_main;
  Processes processes;
  processes.AddMain(main.pid());
  processes.AddChild(child->pid());
  processes.AddMain(second_main.pid());
  config::TargetConfig target;
  target.repository_caches = {directory.path()};
  const Run run = Measure(processes, target);
  REQUIRE(run.disk->repository_caches.size() == 2);
  for (const RepositoryCache& cache : run.disk->repository_caches) {
    REQUIRE(cache.usage);
    CHECK(cache.usage->apparent_bytes == 42);
  }
  CHECK(run.disk->repository_caches[1].main_pid == second_main.pid());
  REQUIRE(run.disk->temporary_directories.size() == 1);
  CHECK(run.disk->temporary_directories[0].pid == child->pid());
}

TEST_CASE("disk_usage: a child in /proc works in nobody's directory") {
  const auto child = WorkIn("/proc/self/task");
  const Main main;
  Processes processes;
  processes.AddMain(main.pid());
  processes.AddChild(child->pid());
  const Run run = Measure(processes, {});
  CHECK(run.disk->temporary_directories.empty());
  CHECK(run.errors.empty());
}

TEST_CASE("disk_usage: a directory that hangs leaves the others measured") {
  const ScratchDirectory directory;
  const std::string& top = directory.path();
  config::TargetConfig target;
  for (const std::string name : {"hangs", "unreachable", "small", "job"}) {
    fs::create_directory(top + "/" + name);
    WriteFile(top + "/" + name + "/file", 10);
    if (name != "job") target.repository_caches.push_back(top + "/" + name);
  }
  const auto child = WorkIn(top + "/job");
  const Main main;
  Processes processes;
  processes.AddMain(main.pid());
  processes.AddChild(child->pid());
  const auto looks = std::make_shared<LooksAtOnce>();
  looks->hangs = [&](const Look& look) {
    return look.name == top + "/hangs" ? look.key.kind == LookKey::Kind::kUsage
                                       : look.name == top + "/unreachable";
  };
  DiskUsageCollector collector({}, looks);
  const SystemClock clock;
  const Run run =
      Measure(collector, processes, target, clock, Deadline::Never(clock));
  const auto& caches = run.disk->repository_caches;
  REQUIRE(caches.size() == 3);
  CHECK(caches[0].exists);
  CHECK_FALSE(caches[0].usage);
  CHECK(caches[0].error == top + "/hangs: does not answer");
  CHECK_FALSE(caches[1].usage);
  CHECK(caches[1].error == top + "/unreachable: does not answer");
  CHECK(caches[2].usage);
  REQUIRE(run.disk->temporary_directories.size() == 1);
  CHECK(run.disk->temporary_directories[0].usage);
  REQUIRE(run.errors.size() == 1);
  CHECK(run.errors[0].cause == ErrorCause::kTimeout);
  CHECK(run.errors[0].count == 2);
}

TEST_CASE("disk_usage: a giant directory takes no time from the others") {
  const ScratchDirectory directory;
  const std::string& top = directory.path();
  config::TargetConfig target;
  for (const std::string name : {"giant", "small1", "small2"}) {
    fs::create_directory(top + "/" + name);
    WriteFile(top + "/" + name + "/file", 10);
    target.repository_caches.push_back(top + "/" + name);
  }
  for (int i = 0; i < 200; ++i) {
    const std::string path = top + "/giant/" + std::to_string(i);
    fs::create_directory(path);
    WriteFile(path + "/file", 1);
  }
  const Main main;
  Processes processes;
  processes.AddMain(main.pid());
  // A walk looks at it once for each directory.
  const TickingClock clock;
  DiskUsageCollector collector({}, std::make_shared<LooksAtOnce>(), 1);
  const auto measure = [&](std::chrono::milliseconds time) {
    return Measure(collector, processes, target, clock,
                   Deadline::After(clock, time));
  };
  // A third of the time is not enough for the giant one, which nobody knows
  // yet; then it comes last and gets all that the others leave.
  const Run first = measure(std::chrono::milliseconds(300));
  const auto& caches = first.disk->repository_caches;
  CHECK(caches[0].exists);
  CHECK_FALSE(caches[0].usage);
  CHECK(caches[0].error == top + "/giant: not measured in time");
  CHECK(caches[1].usage);
  CHECK(caches[2].usage);
  REQUIRE(first.errors.size() == 1);
  CHECK(first.errors[0].cause == ErrorCause::kTimeout);
  const Run second = measure(std::chrono::milliseconds(300));
  for (const RepositoryCache& cache : second.disk->repository_caches) {
    CHECK(cache.usage);
  }
  CHECK(second.errors.empty());
}

}  // namespace
}  // namespace leak_exporter
