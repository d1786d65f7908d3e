#include "metrics/procfs/mountinfo.h"

#include <sched.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/fake_proc.h"
#include "tests/own_namespaces.h"
#include "tests/scratch_directory.h"
#include "tests/waiting_process.h"

namespace leak_exporter::procfs {
namespace {

using Ids = std::vector<uint64_t>;

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
  CHECK(SharesRoot(fs, *handle));
  const WaitingProcess elsewhere([] {
    if (!EnterOwnNamespaces(CLONE_NEWNS).empty()) std::_Exit(1);
  });
  const auto in_namespace = ProcessHandle::Open(fs, elsewhere.pid());
  REQUIRE(in_namespace);
  CHECK_FALSE(SharesRoot(fs, *in_namespace));
  const WaitingProcess changed([&] {
    if (!EnterOwnNamespaces(0).empty() ||
        ::chroot(directory.path().c_str()) != 0) {
      std::_Exit(1);
    }
  });
  const auto in_chroot = ProcessHandle::Open(fs, changed.pid());
  REQUIRE(in_chroot);
  CHECK_FALSE(SharesRoot(fs, *in_chroot));
}

TEST_CASE("mountinfo: without the files nothing is known to be shared") {
  const FakeProc proc;
  proc.Write(7, "status", "");
  CHECK_FALSE(SharesRoot(proc.fs(), proc.Open(7)));
  proc.Write(7, "mountinfo", "1 1 0:1 / / rw - ext4 a rw\n");
  CHECK_FALSE(SharesRoot(proc.fs(), proc.Open(7)));
  proc.Write("self/mountinfo", "1 1 0:1 / / rw - ext4 a rw\n");
  CHECK(SharesRoot(proc.fs(), proc.Open(7)));
  proc.Write("self/mountinfo", "1 1 0:1 / /x rw - ext4 a rw\n");
  CHECK_FALSE(SharesRoot(proc.fs(), proc.Open(7)));
}

}  // namespace
}  // namespace leak_exporter::procfs
