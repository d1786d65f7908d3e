#include "metrics/procfs/memory_limit.h"

#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/fake_proc.h"

namespace leak_exporter::procfs {
namespace {

TEST_CASE("memory_limit: a number, or none in either version's words") {
  struct Case {
    std::string text;
    std::optional<uint64_t> bytes;
  };
  for (const Case& expected : {
           Case{"max\n", std::nullopt},
           Case{"4096\n", 4096},
           Case{"0\n", 0},
           // Version 1 with pages of 4 and of 64 KiB.
           Case{"9223372036854771712\n", std::nullopt},
           Case{"9223372036854710272\n", std::nullopt},
       }) {
    const auto limit = ParseMemoryLimit(expected.text);
    REQUIRE(limit);
    CHECK(*limit == expected.bytes);
  }
  for (const std::string bad :
       {"", "max", "4096", "-1\n", "4k\n", "4 5\n", "99999999999999999999\n"}) {
    CAPTURE(bad);
    const auto limit = ParseMemoryLimit(bad);
    REQUIRE_FALSE(limit);
    CHECK(limit.error().code == 0);
  }
}

/// "PATH LIMIT" of each, the path below where cgroups are mounted.
std::vector<std::string> LimitsOf(const FakeProc& proc) {
  std::string buffer;
  const auto cgroups = FindLimitedCgroups(proc.fs(), proc.Open(7), buffer);
  REQUIRE(cgroups);
  const std::string mount = proc.root() + "/" + kFakeCgroups;
  std::vector<std::string> texts;
  for (const LimitedCgroup& cgroup : *cgroups) {
    REQUIRE(cgroup.path.starts_with(mount));
    texts.push_back(cgroup.path.substr(mount.size()) + " " +
                    std::to_string(cgroup.limit_bytes) +
                    (cgroup.version_1 ? " v1" : ""));
  }
  return texts;
}

using Texts = std::vector<std::string>;

TEST_CASE("memory_limit: each that there is, from the cgroup up to the root") {
  const FakeProc proc;
  proc.Write(7, "cgroup", "0::/a.slice/b.service\n");
  CHECK(LimitsOf(proc).empty());
  proc.Write(kFakeCgroups + "/a.slice/b.service/memory.max", "max\n");
  CHECK(LimitsOf(proc).empty());
  proc.Write(kFakeCgroups + "/a.slice/memory.max", "7000\n");
  CHECK(LimitsOf(proc) == Texts{"/a.slice 7000"});
  proc.Write(kFakeCgroups + "/a.slice/b.service/memory.max", "6000\n");
  CHECK(LimitsOf(proc) == Texts{"/a.slice/b.service 6000", "/a.slice 7000"});
}

TEST_CASE("memory_limit: the root of a namespace may have one") {
  const FakeProc proc;
  const auto* path = GENERATE("0::/\n", "0::/a\n");
  proc.Write(7, "cgroup", path);
  CHECK(LimitsOf(proc).empty());
  proc.Write(kFakeCgroups + "/memory.max", "5000\n");
  CHECK(LimitsOf(proc) == Texts{" 5000"});
}

TEST_CASE("memory_limit: version 1, alone and beside version 2") {
  const FakeProc proc;
  proc.Write(7, "cgroup", "9:memory:/docker/x\n1:name=systemd:/y\n0::/y\n");
  proc.Write(kFakeCgroups + "/memory/docker/x/memory.limit_in_bytes", "9000\n");
  CHECK(LimitsOf(proc) == Texts{"/memory/docker/x 9000 v1"});
  proc.Write(kFakeCgroups + "/unified/y/memory.max", "8000\n");
  CHECK(LimitsOf(proc) == Texts{"/unified/y 8000", "/memory/docker/x 9000 v1"});
}

TEST_CASE("memory_limit: paths outside of the cgroup namespace do not count") {
  const FakeProc proc;
  proc.Write(7, "cgroup", "0::/../pod.slice\n");
  proc.Write(kFakeCgroups + "/pod.slice/memory.max", "5000\n");
  CHECK(LimitsOf(proc).empty());
}

TEST_CASE("memory_limit: what cannot be understood names its file") {
  const FakeProc proc;
  proc.Write(7, "cgroup", "0::/a\n");
  proc.Write(kFakeCgroups + "/a/memory.max", "much\n");
  std::string buffer;
  const auto cgroups = FindLimitedCgroups(proc.fs(), proc.Open(7), buffer);
  REQUIRE_FALSE(cgroups);
  CHECK(cgroups.error().message == proc.root() + "/" + kFakeCgroups +
                                       "/a/memory.max:1: bad memory limit "
                                       "'much?'");
}

TEST_CASE("memory_limit: a path of endless depth is an error") {
  const FakeProc proc;
  std::string path = "0::";
  for (int i = 0; i < 1000; ++i) path += "/a";
  proc.Write(7, "cgroup", path + "\n");
  std::string buffer;
  const auto cgroups = FindLimitedCgroups(proc.fs(), proc.Open(7), buffer);
  REQUIRE_FALSE(cgroups);
  CHECK(cgroups.error().code == EFBIG);
}

TEST_CASE("memory_limit: what is in use is not what would be dropped") {
  const FakeProc proc;
  std::string buffer;
  const LimitedCgroup cgroup{proc.root() + "/a", 9000, false};
  const auto in_use = [&] { return ReadMemoryInUse(cgroup, buffer); };
  CHECK(in_use().value() == std::nullopt);
  proc.Write("a/memory.current", "5000\n");
  CHECK(in_use().value() == std::nullopt);
  proc.Write("a/memory.stat", "anon 100\ninactive_file 1500\nfile 2000\n");
  CHECK(in_use().value() == 3500);
  // What was freed between the two reads.
  proc.Write("a/memory.current", "1000\n");
  CHECK(in_use().value() == 0);
  proc.Write("a/memory.stat", "anon 100\n");
  CHECK(in_use().error().message == cgroup.path +
                                        "/memory.stat:2: no line "
                                        "'inactive_file'");
  proc.Write("a/memory.stat", "inactive_file x\n");
  CHECK(in_use().error().message ==
        cgroup.path + "/memory.stat:1: bad memory 'inactive_file x'");
  proc.Write("a/memory.current", "lots\n");
  CHECK_FALSE(in_use());
}

TEST_CASE("memory_limit: version 1 sums the cgroups below, as its limit does") {
  const FakeProc proc;
  proc.Write("a/memory.usage_in_bytes", "5000\n");
  proc.Write("a/memory.stat", "inactive_file 1\ntotal_inactive_file 1500\n");
  std::string buffer;
  CHECK(ReadMemoryInUse({proc.root() + "/a", 9000, true}, buffer).value() ==
        3500);
}

TEST_CASE("memory_limit: the machine has memory") {
  CHECK(PhysicalMemoryBytes().value_or(0) > uint64_t{64} << 20);
}

}  // namespace
}  // namespace leak_exporter::procfs
