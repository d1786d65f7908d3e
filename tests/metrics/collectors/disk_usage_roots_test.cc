// DiskUsageCollector and processes that see other files than the test does, or
// may not be looked at.

#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/in_child.h"
#include "tests/metrics/collectors/disk_run.h"
#include "tests/own_namespaces.h"
#include "tests/scratch_directory.h"
#include "tests/waiting_process.h"

namespace leak_exporter {
namespace {

namespace fs = std::filesystem;
using Directories = std::vector<TemporaryDirectory>;

void EnterOrEnd(int flags) {
  if (!EnterOwnNamespaces(flags).empty()) std::_Exit(1);
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
            // Where the main processes and the child work, the second root,
            // asked for twice, and tmp2.
            "permission 6\n");
}

}  // namespace
}  // namespace leak_exporter
