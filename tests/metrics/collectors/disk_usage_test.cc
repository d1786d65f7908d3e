#include "metrics/collectors/disk_usage.h"

#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/collect.h"
#include "tests/in_child.h"
#include "tests/own_namespaces.h"
#include "tests/scratch_directory.h"
#include "tests/waiting_process.h"

namespace leak_exporter {
namespace {

namespace fs = std::filesystem;
using Directories = std::vector<TemporaryDirectory>;

void WriteFile(const std::string& path, size_t bytes) {
  std::ofstream(path, std::ios::binary) << std::string(bytes, 'x');
}

// A process that works in a directory.
std::unique_ptr<WaitingProcess> WorkIn(const std::string& path) {
  return std::make_unique<WaitingProcess>([&path] {
    if (::chdir(path.c_str()) != 0) std::_Exit(1);
  });
}

void EnterOrEnd(int flags) {
  if (!EnterOwnNamespaces(flags).empty()) std::_Exit(1);
}

// Main processes and their descendants, the first the oldest.
class Processes {
 public:
  void AddMain(pid_t pid) {
    tree_.main.push_back(SampleOf(fs_, pid));
    tree_.main.back().main_pid = pid;
  }
  void AddChild(pid_t pid, char state = 'S') {
    ProcessSample& sample =
        tree_.descendants.emplace_back(SampleOf(fs_, pid, state));
    sample.main_pid = tree_.main.back().pid();
    sample.start_since_boot = std::chrono::seconds(tree_.descendants.size());
  }
  const ProcessTree& tree() const { return tree_; }
  const procfs::ProcFs& fs() const { return fs_; }

 private:
  procfs::ProcFs fs_;
  ProcessTree tree_;
};

struct Run {
  std::shared_ptr<const DiskUsageSnapshot> disk;
  std::vector<CollectorError> errors;
};

Run Measure(DiskUsageCollector& collector, const Processes& processes,
            const config::TargetConfig& target, const Clock& clock,
            const Deadline& deadline) {
  TargetSnapshot snapshot;
  ErrorTally errors;
  CHECK(collector.Collect(
      {target, processes.tree(), processes.fs(), clock, deadline}, snapshot,
      errors));
  REQUIRE(snapshot.disk_usage);
  return {snapshot.disk_usage, errors.errors()};
}

Run Measure(const Processes& processes, const config::TargetConfig& target,
            const config::DiskUsageConfig& config = {}) {
  DiskUsageCollector collector(config);
  const SystemClock clock;
  return Measure(collector, processes, target, clock, Deadline::Never(clock));
}

// A main process that works in "/" and so leaves out nothing else.
struct Main {
  std::unique_ptr<WaitingProcess> process = WorkIn("/");
  pid_t pid() const { return process->pid(); }
};

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

TEST_CASE("disk_usage: where nobody made a directory for the child") {
  const ScratchDirectory directory;
  const std::string& top = directory.path();
  fs::create_directories(top + "/job/tmp");
  const auto main = WorkIn(top + "/job");
  const auto inherited = WorkIn(top + "/job");
  const auto above = WorkIn(top);
  const auto root = WorkIn("/");
  const auto kernel = WorkIn("/proc/self");
  const auto below = WorkIn(top + "/job/tmp");
  Processes processes;
  processes.AddMain(main->pid());
  for (const auto* child : {&inherited, &above, &root, &kernel, &below}) {
    processes.AddChild((*child)->pid());
  }
  const Run run = Measure(processes, {});
  const Directories& found = run.disk->temporary_directories;
  REQUIRE(found.size() == 1);
  CHECK(found[0].path == top + "/job/tmp");
  CHECK(found[0].pid == below->pid());
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

TEST_CASE("disk_usage: paths mean what they mean under a changed root") {
  const ScratchDirectory directory;
  const std::string& top = directory.path();
  fs::create_directories(top + "/data/cache");
  fs::create_directories(top + "/tmp/job");
  WriteFile(top + "/data/cache/file", 777);
  WriteFile(top + "/tmp/job/file", 333);
  fs::create_symlink("/data/cache", top + "/cache");
  fs::create_symlink("/data/cache/file", top + "/tmp/job/link");
  const auto change_root = [&top](const std::string& work) {
    return std::make_unique<WaitingProcess>([&top, work] {
      EnterOrEnd(0);
      if (::chroot(top.c_str()) != 0 || ::chdir(work.c_str()) != 0) {
        std::_Exit(1);
      }
    });
  };
  const auto main = change_root("/");
  const auto child = change_root("/tmp/job");
  const auto at_root = change_root("/");
  Processes processes;
  processes.AddMain(main->pid());
  processes.AddChild(child->pid());
  processes.AddChild(at_root->pid());
  config::TargetConfig target;
  target.repository_caches = {"/cache"};
  target.temporary_directories.paths = {"/data/*"};
  const Run run = Measure(processes, target);
  CHECK(run.errors.empty());
  REQUIRE(run.disk->repository_caches.size() == 1);
  REQUIRE(run.disk->repository_caches[0].usage);
  CHECK(run.disk->repository_caches[0].usage->apparent_bytes == 777);
  const Directories& found = run.disk->temporary_directories;
  REQUIRE(found.size() == 2);
  CHECK(found[0].path == "/tmp/job");
  CHECK(found[0].usage->apparent_bytes == 333 + 777);
  CHECK(found[1].path == "/data/cache");
}

TEST_CASE("disk_usage: paths lead through the target's own mounts") {
  const ScratchDirectory directory;
  const std::string& top = directory.path();
  fs::create_directory(top + "/private");
  WriteFile(top + "/private/hidden", 1'000'000);
  const auto mount_and_work = [&top] {
    return std::make_unique<WaitingProcess>([&top] {
      EnterOrEnd(CLONE_NEWNS);
      const std::string place = top + "/private";
      if (::mount("none", place.c_str(), "tmpfs", 0, nullptr) != 0 ||
          ::chdir(place.c_str()) != 0 || ::symlink("file", "link") != 0 ||
          ::symlink((place + "/file").c_str(), "absolute") != 0) {
        std::_Exit(1);
      }
      WriteFile("file", 4'321);
    });
  };
  const auto first = mount_and_work();
  const auto second = mount_and_work();
  Processes processes;
  processes.AddMain(first->pid());
  processes.AddMain(second->pid());
  config::TargetConfig target;
  target.repository_caches = {top + "/private"};
  const Run run = Measure(processes, target);
  CHECK(run.errors.empty());
  const auto& caches = run.disk->repository_caches;
  REQUIRE(caches.size() == 2);
  for (const RepositoryCache& cache : caches) {
    REQUIRE(cache.usage);
    CHECK(cache.usage->apparent_bytes == 3 * 4'321);
  }
  CHECK(caches[0].device != caches[1].device);
}

TEST_CASE("disk_usage: what may not be read is unknown, the rest is measured") {
  const ScratchDirectory directory;
  const std::string& top = directory.path();
  fs::permissions(top, fs::perms(0755));
  for (const std::string name : {"tmp1", "tmp2", "tmp3"}) {
    fs::create_directories(top + "/" + name + "/inner");
    WriteFile(top + "/" + name + "/file", 10'000);
  }
  fs::permissions(top + "/tmp2/inner", fs::perms(0000));
  // Nobody without CAP_SYS_PTRACE may look at these, not even their user.
  const auto secretive = [](const std::string& path, bool own_mounts) {
    return std::make_unique<WaitingProcess>([path, own_mounts] {
      if (own_mounts) EnterOrEnd(CLONE_NEWNS);
      ::prctl(PR_SET_DUMPABLE, 0);
      if (::chdir(path.c_str()) != 0) std::_Exit(1);
    });
  };
  const auto main = secretive("/", false);
  const auto apart = secretive("/", true);
  const auto child = secretive(top + "/tmp1", false);
  Processes processes;
  processes.AddMain(main->pid());
  processes.AddChild(child->pid());
  processes.AddMain(apart->pid());
  config::TargetConfig target;
  target.repository_caches = {top + "/tmp3"};
  target.temporary_directories.paths = {top + "/tmp*"};
  const std::string text = InChild([&] {
    constexpr unsigned kNobody = 65534;
    if (::geteuid() == 0 &&
        (::setgroups(0, nullptr) != 0 || ::setgid(kNobody) != 0 ||
         ::setuid(kNobody) != 0)) {
      return std::string("cannot give up rights");
    }
    const Run run = Measure(processes, target);
    std::string out;
    for (const RepositoryCache& cache : run.disk->repository_caches) {
      out += std::to_string(cache.exists) + (cache.usage ? " measured" : " ") +
             cache.error + "\n";
    }
    for (const TemporaryDirectory& one : run.disk->temporary_directories) {
      out += one.path + (one.usage ? " measured" : " ") + one.error + "\n";
    }
    out += std::to_string(run.disk->working_directories_known) + "\n";
    for (const CollectorError& error : run.errors) {
      out += std::string(NameOf(error.cause)) + " " +
             std::to_string(error.count) + "\n";
    }
    return out;
  });
  fs::permissions(top + "/tmp2/inner", fs::perms(0755));
  const std::string root_of_apart =
      "/proc/" + std::to_string(apart->pid()) +
      "/root: Permission denied (CAP_SYS_PTRACE is needed)";
  // The first cache is reached because everyone may see that its root is
  // shared; of the second that cannot be said.
  CHECK(text ==
        "1 measured\n"
        "0 " +
            root_of_apart + "\n" + top + "/tmp1 measured\n" + top +
            "/tmp3 measured\n" + top + "/tmp2 " + top +
            "/tmp2/inner: Permission denied\n"
            "0\n"
            // The second root, asked for twice, the child and tmp2.
            "permission 4\n");
}

// A clock on which every look takes a millisecond; a walk looks once for each
// directory.
class SlowClock final : public Clock {
 public:
  std::chrono::steady_clock::time_point Now() const override {
    return std::chrono::steady_clock::time_point(
        std::chrono::milliseconds(++looks_));
  }
  std::chrono::nanoseconds SinceBoot() const override { return {}; }
  std::chrono::system_clock::time_point WallTime() const override { return {}; }

 private:
  mutable int looks_ = 0;
};

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
  const SlowClock clock;
  DiskUsageCollector collector({}, 1);
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
