#include "metrics/remote/resident_ranges.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/fake_proc.h"
#include "tests/metrics/remote/fake_pagemap.h"
#include "tests/waiting_process.h"

namespace leak_exporter {
namespace {

const SystemClock kClock;
const Deadline kForever = Deadline::Never(kClock);
constexpr pid_t kPid = 7;

TEST_CASE("resident ranges: only what was written to, small gaps included") {
  const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  constexpr size_t kPages = 4000;
  auto* memory =
      static_cast<char*>(::mmap(nullptr, kPages * page, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  // Huge pages would be written to as a whole.
  ::madvise(memory, kPages * page, MADV_NOHUGEPAGE);
  for (const size_t i : {10, 11, 20, 2000, 3999}) memory[i * page] = 1;
  const WaitingProcess child;
  const auto process =
      procfs::ProcessHandle::Open(procfs::ProcFs(), child.pid());
  REQUIRE(process.has_value());
  const RemoteAddr begin{reinterpret_cast<uint64_t>(memory)};
  const auto ranges =
      ResidentRanges(*process, {{begin, begin + kPages * page}}, kForever)
          .ranges;
  ::munmap(memory, kPages * page);
  REQUIRE(ranges.size() == 3);
  const auto check = [&](const AddressRange& range, size_t from, size_t to) {
    CHECK(range.begin == begin + from * page);
    CHECK(range.end == begin + to * page);
  };
  check(ranges[0], 10, 21);
  check(ranges[1], 2000, 2001);
  check(ranges[2], 3999, 4000);
}

TEST_CASE("resident ranges: swapped pages count, mappings stay apart") {
  const uint64_t page = FakePagemap::PageBytes();
  FakePagemap pagemap;
  for (const uint64_t present : {1, 2, 40, 41}) pagemap.SetPresent(present);
  pagemap.SetSwapped(3);
  pagemap.SetUntouched(60);
  const FakeProc proc;
  pagemap.Write(proc, kPid);
  const auto range = [page](uint64_t from, uint64_t to) {
    return AddressRange{RemoteAddr{from * page}, RemoteAddr{to * page}};
  };
  const std::vector<AddressRange> mappings = {range(0, 2), range(2, 10),
                                              range(20, 60)};
  const std::vector<AddressRange> expected = {range(1, 2), range(2, 4),
                                              range(40, 42)};
  const auto resident = ResidentRanges(proc.Open(kPid), mappings, kForever);
  CHECK(resident.ranges == expected);
  CHECK(resident.incomplete.empty());
}

TEST_CASE("resident ranges: guard regions are in none, however small") {
  const uint64_t page = FakePagemap::PageBytes();
  FakePagemap pagemap;
  for (const uint64_t present : {1, 2, 4, 5}) pagemap.SetPresent(present);
  pagemap.SetGuard(3);
  pagemap.SetGuard(7);
  const FakeProc proc;
  pagemap.Write(proc, kPid);
  const std::vector<AddressRange> mapping = {
      {RemoteAddr{page}, RemoteAddr{8 * page}}};
  const std::vector<AddressRange> expected = {
      {RemoteAddr{page}, RemoteAddr{3 * page}},
      {RemoteAddr{4 * page}, RemoteAddr{6 * page}}};
  CHECK(ResidentRanges(proc.Open(kPid), mapping, kForever).ranges == expected);
}

TEST_CASE("resident ranges: everything, where the kernel does not tell") {
  const uint64_t page = FakePagemap::PageBytes();
  const std::vector<AddressRange> ranges = {
      {RemoteAddr{page}, RemoteAddr{4 * page}}};
  const FakeProc proc;
  proc.Write(kPid, "maps", "");
  CHECK(ResidentRanges(proc.Open(kPid), ranges, kForever).ranges == ranges);
  // It ends before the ranges do.
  FakePagemap pagemap;
  pagemap.SetPresent(1);
  pagemap.Write(proc, kPid);
  CHECK(ResidentRanges(proc.Open(kPid), ranges, kForever).ranges == ranges);
}

TEST_CASE("resident ranges: not more than wanted, nor later, which is said") {
  const uint64_t page = FakePagemap::PageBytes();
  FakePagemap pagemap;
  constexpr uint64_t kPages = 6000;
  for (uint64_t i = 0; i < kPages; i += 100) pagemap.SetPresent(i);
  pagemap.SetPresent(kPages);
  const FakeProc proc;
  pagemap.Write(proc, kPid);
  const std::vector<AddressRange> mappings = {
      {RemoteAddr{0}, RemoteAddr{kPages * page}}};
  const auto all = ResidentRanges(proc.Open(kPid), mappings, kForever, 60);
  CHECK(all.ranges.size() == 60);
  CHECK(all.incomplete.empty());
  const auto first = ResidentRanges(proc.Open(kPid), mappings, kForever, 40);
  CHECK(first.ranges.size() == 40);
  CHECK(first.incomplete == "too scattered memory");
  const auto late =
      ResidentRanges(proc.Open(kPid), mappings, Deadline(kClock, kClock.Now()));
  CHECK(late.ranges.empty());
  CHECK(late.incomplete == "out of time");
}

}  // namespace
}  // namespace leak_exporter
