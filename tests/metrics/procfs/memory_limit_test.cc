#include "metrics/procfs/memory_limit.h"

#include <cstdint>
#include <optional>
#include <string>

#include "tests/catch.h"
#include "tests/fake_proc.h"

namespace leak_exporter::procfs {
namespace {

const std::string kOwnRoot = "self/root";
const std::string kRoot = kOwnRoot + "/sys/fs/cgroup";

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

std::optional<uint64_t> LimitOf(const FakeProc& proc) {
  std::string buffer;
  const auto limit = ReadMemoryLimit(proc.fs(), proc.Open(7), buffer);
  REQUIRE(limit);
  return *limit;
}

TEST_CASE("memory_limit: the tightest from the cgroup up to the root") {
  const FakeProc proc;
  proc.Write(7, "cgroup", "0::/a.slice/b.service\n");
  CHECK_FALSE(LimitOf(proc));
  proc.Write(kRoot + "/a.slice/b.service/memory.max", "max\n");
  CHECK_FALSE(LimitOf(proc));
  proc.Write(kRoot + "/a.slice/memory.max", "7000\n");
  CHECK(LimitOf(proc) == 7000);
  proc.Write(kRoot + "/a.slice/b.service/memory.max", "6000\n");
  CHECK(LimitOf(proc) == 6000);
  proc.Write(kRoot + "/a.slice/memory.max", "5000\n");
  CHECK(LimitOf(proc) == 5000);
}

TEST_CASE("memory_limit: version 1, alone and beside version 2") {
  const FakeProc proc;
  proc.Write(7, "cgroup", "9:memory:/docker/x\n1:name=systemd:/y\n0::/y\n");
  proc.Write(kRoot + "/memory/docker/x/memory.limit_in_bytes", "9000\n");
  CHECK(LimitOf(proc) == 9000);
  proc.Write(kRoot + "/unified/y/memory.max", "8000\n");
  CHECK(LimitOf(proc) == 8000);
}

TEST_CASE("memory_limit: paths outside of the cgroup namespace do not count") {
  const FakeProc proc;
  proc.Write(7, "cgroup", "0::/../pod.slice\n");
  CHECK_FALSE(LimitOf(proc));
}

TEST_CASE("memory_limit: what cannot be understood names its file") {
  const FakeProc proc;
  proc.Write(7, "cgroup", "0::/a\n");
  proc.Write(kRoot + "/a/memory.max", "much\n");
  std::string buffer;
  const auto limit = ReadMemoryLimit(proc.fs(), proc.Open(7), buffer);
  REQUIRE_FALSE(limit);
  CHECK(limit.error().message == proc.root() + "/" + kRoot +
                                     "/a/memory.max:1: bad memory limit "
                                     "'much?'");
}

TEST_CASE("memory_limit: the machine has memory") {
  CHECK(PhysicalMemoryBytes().value_or(0) > uint64_t{64} << 20);
}

}  // namespace
}  // namespace leak_exporter::procfs
