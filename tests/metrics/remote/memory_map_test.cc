#include "metrics/remote/memory_map.h"

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "metrics/base/clock.h"
#include "tests/catch.h"
#include "tests/fake_proc.h"

namespace leak_exporter {
namespace {

constexpr pid_t kPid = 7;

Result<MemoryMap> Read(const FakeProc& proc, const std::string& maps,
                       std::chrono::seconds time = std::chrono::hours(1)) {
  proc.Write(kPid, "maps", maps);
  const SystemClock clock;
  std::string buffer;
  return MemoryMap::Read(proc.Open(kPid), buffer, Deadline::After(clock, time));
}

const std::string kMaps =
    "1000-3000 r-xp 00000000 08:01 42         /usr/bin/python3 (deleted)\n"
    "3000-5000 rw-p 00002000 08:01 42         /usr/bin/python3 (deleted)\n"
    "5000-6000 rw-p 00000000 00:00 0          [heap]\n"
    "6000-7000 rw-p 00000000 00:00 0 \n"
    "8000-9000 rw-p 00000000 00:00 0          [anon:arena]\n"
    "9000-a000 ---p 00000000 00:00 0 \n"
    "a000-b000 r--p 00000000 00:00 0 \n"
    "b000-c000 rw-s 00000000 00:01 9          /dev/zero (deleted)\n"
    "c000-d000 rw-s 00000000 00:00 0 \n"
    "400000-600000 rw-p 00000000 00:0f 77     /anon_hugepage (deleted)\n"
    "7ffe00000000-7ffe00021000 rw-p 00000000 00:00 0    [stack]\n";

TEST_CASE("memory map: mappings keep their fields and their names") {
  const FakeProc proc;
  auto read = Read(proc, kMaps);
  REQUIRE(read.has_value());
  // Its buffer is gone, and it is somewhere else now.
  const MemoryMap map = *std::move(read);
  REQUIRE(map.mappings().size() == 11);
  const procfs::Mapping& second = map.mappings()[1];
  CHECK(second.start == 0x3000);
  CHECK(second.end == 0x5000);
  CHECK(second.readable);
  CHECK(second.writable);
  CHECK_FALSE(second.shared);
  CHECK(second.offset == 0x2000);
  CHECK(second.inode == 42);
  CHECK(second.name == "/usr/bin/python3 (deleted)");
  CHECK(RangeOf(second) ==
        AddressRange{RemoteAddr{0x3000}, RemoteAddr{0x5000}});
  CHECK(map.mappings()[3].name.empty());
}

TEST_CASE("memory map: a name is kept once, however many mappings have it") {
  const FakeProc proc;
  const auto map = Read(proc, kMaps);
  REQUIRE(map.has_value());
  CHECK(map->mappings()[0].name.data() == map->mappings()[1].name.data());
  CHECK(map->mappings()[0].name.data() != map->mappings()[2].name.data());
}

TEST_CASE("memory map: names live on when the map is moved") {
  MemoryMap first;
  {
    // Short enough to stand within the string itself.
    const std::string name = "/a";
    procfs::Mapping mapping;
    mapping.end = 0x1000;
    mapping.name = name;
    first.Add(mapping);
  }
  MemoryMap second = std::move(first);
  MemoryMap third;
  third = std::move(second);
  REQUIRE(third.mappings().size() == 1);
  CHECK(third.mappings()[0].name == "/a");
}

TEST_CASE("memory map: heap is what is the process's own, touching is one") {
  const FakeProc proc;
  const auto map = Read(proc, kMaps);
  REQUIRE(map.has_value());
  const std::vector<AddressRange> heap = {
      {RemoteAddr{0x5000}, RemoteAddr{0x7000}},
      {RemoteAddr{0x8000}, RemoteAddr{0x9000}},
      {RemoteAddr{0x400000}, RemoteAddr{0x600000}}};
  CHECK(HeapRanges(*map) == heap);
}

TEST_CASE("memory map: no address space is an empty map") {
  const FakeProc proc;
  const auto map = Read(proc, "");
  REQUIRE(map.has_value());
  CHECK(map->mappings().empty());
  CHECK(HeapRanges(*map).empty());
}

TEST_CASE("memory map: what cannot be read whole is an error") {
  const FakeProc proc;
  CHECK_FALSE(Read(proc, "1000-3000 r-xp 00000000 08:01 42 /usr").has_value());
  CHECK_FALSE(Read(proc, "what\n").has_value());
  const auto late = Read(proc, kMaps, std::chrono::seconds(-1));
  REQUIRE_FALSE(late.has_value());
  CHECK(late.error().code == ETIMEDOUT);
}

TEST_CASE("memory map: others can read all but devices and the kernel's own") {
  const FakeProc proc;
  const auto map = Read(
      proc,
      kMaps +
          "7fff00000000-7fff00001000 rw-s 00000000 00:05 12   /dev/nvidia0\n"
          "7fff00001000-7fff00002000 rw-s 00000000 00:06 13   /dev/shm/sem.x\n"
          "7fff00003000-7fff00004000 r--p 00000000 00:00 0    [vvar]\n");
  REQUIRE(map.has_value());
  const auto range = [](uint64_t begin, uint64_t end) {
    return AddressRange{RemoteAddr{begin}, RemoteAddr{end}};
  };
  const std::vector<AddressRange> expected = {
      range(0x1000, 0x7000),
      range(0x8000, 0x9000),
      range(0xa000, 0xb000),
      range(0xc000, 0xd000),
      range(0x400000, 0x600000),
      range(0x7ffe00000000, 0x7ffe00021000),
      range(0x7fff00001000, 0x7fff00002000)};
  CHECK(ReadableRanges(*map) == expected);
}

TEST_CASE("memory map: names of hostile length or number are dropped") {
  const FakeProc proc;
  std::string maps;
  const std::string path = "/" + std::string(4000, 'x');
  constexpr int kFiles = 1000;
  for (int i = 0; i < 2 * kFiles; ++i) {
    char range[64];
    std::snprintf(range, sizeof range, "%x000-%x000 rw-p 00000000 ", i + 1,
                  i + 2);
    maps += range;
    maps += i < kFiles ? "08:01 42 " + path + std::to_string(i)
                       : "00:00 0 [anon:" + std::to_string(i) + "]";
    maps += '\n';
  }
  const auto map = Read(proc, maps);
  REQUIRE(map);
  REQUIRE(map->mappings().size() == 2 * kFiles);
  size_t bytes = 0;
  for (const procfs::Mapping& mapping : map->mappings()) {
    bytes += mapping.name.size();
  }
  CHECK(bytes <= MemoryMap::kMostNameBytes + 10 * 2 * kFiles);
  CHECK(map->mappings()[0].name == path + "0");
  CHECK(map->mappings()[kFiles - 1].name == "/");
  // These are the heap, whatever they are called.
  CHECK(HeapRanges(*map) ==
        std::vector<AddressRange>{{RemoteAddr{(kFiles + 1) * 0x1000},
                                   RemoteAddr{(2 * kFiles + 1) * 0x1000}}});
}

TEST_CASE("memory map: more mappings than there is room for are an error") {
  const FakeProc proc;
  std::string maps;
  for (size_t i = 0; i <= MemoryMap::kMostMappings; ++i) {
    char line[64];
    std::snprintf(line, sizeof line, "%zx000-%zx000 rw-p 00000000 00:00 0 \n",
                  i + 1, i + 2);
    maps += line;
  }
  const auto map = Read(proc, maps);
  REQUIRE_FALSE(map);
  CHECK(map.error().code == EFBIG);
}

}  // namespace
}  // namespace leak_exporter
