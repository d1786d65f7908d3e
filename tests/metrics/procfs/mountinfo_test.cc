#include "metrics/procfs/mountinfo.h"

#include <sched.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "metrics/base/clock.h"
#include "metrics/base/deadline.h"
#include "tests/catch.h"
#include "tests/fake_proc.h"
#include "tests/own_namespaces.h"
#include "tests/scratch_directory.h"
#include "tests/waiting_process.h"

namespace leak_exporter::procfs {
namespace {

using Ids = std::vector<uint64_t>;

const SystemClock kClock;
const Deadline kForever = Deadline::Never(kClock);

TEST_CASE("mountinfo: the mounts at the root, whatever else is mounted") {
  const auto ids = ParseRootMounts(
      "22 28 0:21 / /sys rw,nosuid - sysfs sysfs rw\n"
      "28 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"
      "30 28 0:5 / /with\\040space/ rw - tmpfs none rw\n"
      "31 28 0:5 /sub / rw - tmpfs none rw\n");
  REQUIRE(ids);
  CHECK(*ids == Ids{28, 31});
}

TEST_CASE("mountinfo: a changed root that is no mount point has none") {
  const auto ids =
      ParseRootMounts("22 28 0:21 / /proc rw,nosuid - proc proc rw\n");
  REQUIRE(ids);
  CHECK(ids->empty());
  CHECK(ParseRootMounts("")->empty());
}

TEST_CASE("mountinfo: bad lines are errors that name the line") {
  const std::string good = "28 1 254:0 / / rw - ext4 /dev/vda rw\n";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"28 1 254:0 / / rw", "2: torn last line '28 1 254:0 / / rw'"},
      {"28 1 254:0\n", "2: too few fields '28 1 254:0'"},
      {"x 1 254:0 / / rw\n", "2: bad mount id 'x 1 254:0 / / rw'"},
  };
  for (const auto& [bad, message] : cases) {
    const auto ids = ParseRootMounts(good + bad);
    REQUIRE_FALSE(ids);
    CHECK(ids.error().message == message);
  }
}

TEST_CASE("mountinfo: the root is shared until one is changed") {
  const ProcFs fs;
  const ScratchDirectory directory;
  const WaitingProcess same;
  const auto handle = ProcessHandle::Open(fs, same.pid());
  REQUIRE(handle);
  CHECK(SharesRoot(fs, *handle, kForever));
  const WaitingProcess elsewhere([] {
    if (!EnterOwnNamespaces(CLONE_NEWNS).empty()) std::_Exit(1);
  });
  const auto in_namespace = ProcessHandle::Open(fs, elsewhere.pid());
  REQUIRE(in_namespace);
  CHECK_FALSE(SharesRoot(fs, *in_namespace, kForever));
  const WaitingProcess changed([&] {
    if (!EnterOwnNamespaces(0).empty() ||
        ::chroot(directory.path().c_str()) != 0) {
      std::_Exit(1);
    }
  });
  const auto in_chroot = ProcessHandle::Open(fs, changed.pid());
  REQUIRE(in_chroot);
  CHECK_FALSE(SharesRoot(fs, *in_chroot, kForever));
}

TEST_CASE("mountinfo: who may not be looked at is judged by what is mounted") {
  const ScratchDirectory directory;
  const FakeProc proc;
  const std::string mounts =
      "1 1 0:1 / / rw - ext4 a rw\n2 1 0:2 / /proc rw - proc proc rw\n";
  proc.Write("self/mountinfo", mounts);
  // Longer than any buffer, as of a process with very many mounts.
  std::string many = mounts;
  const std::string path(4000, 'x');
  for (int id = 10; id < 2000; ++id) {
    many += std::to_string(id) + " 1 0:1 /" + path + " /" + path +
            " rw - ext4 a rw\n";
  }
  proc.Write(7, "mountinfo", many);
  CHECK(SharesRoot(proc.fs(), proc.Open(7), kForever));
  CHECK_FALSE(
      SharesRoot(proc.fs(), proc.Open(7), Deadline(kClock, kClock.Now())));
  proc.Write(7, "mountinfo", many + "9999 1 0:9 / / rw - ext4 b rw\n");
  CHECK_FALSE(SharesRoot(proc.fs(), proc.Open(7), kForever));
  // Where it may, the directory itself decides.
  std::filesystem::create_symlink(directory.path(), proc.root() + "/self/root");
  std::filesystem::create_symlink(directory.path(), proc.root() + "/7/root");
  CHECK(SharesRoot(proc.fs(), proc.Open(7), kForever));
  std::filesystem::remove(proc.root() + "/7/root");
  std::filesystem::create_symlink("/", proc.root() + "/7/root");
  CHECK_FALSE(SharesRoot(proc.fs(), proc.Open(7), kForever));
}

TEST_CASE("mountinfo: without the files nothing is known to be shared") {
  const FakeProc proc;
  proc.Write(7, "status", "");
  CHECK_FALSE(SharesRoot(proc.fs(), proc.Open(7), kForever));
  proc.Write(7, "mountinfo", "1 1 0:1 / / rw - ext4 a rw\n");
  CHECK_FALSE(SharesRoot(proc.fs(), proc.Open(7), kForever));
  proc.Write("self/mountinfo", "1 1 0:1 / / rw - ext4 a rw\n");
  CHECK(SharesRoot(proc.fs(), proc.Open(7), kForever));
  proc.Write("self/mountinfo", "1 1 0:1 / /x rw - ext4 a rw\n");
  CHECK_FALSE(SharesRoot(proc.fs(), proc.Open(7), kForever));
}

}  // namespace
}  // namespace leak_exporter::procfs
