#include "metrics/procfs/maps.h"

#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "metrics/base/clock.h"
#include "tests/catch.h"
#include "tests/fake_proc.h"
#include "tests/waiting_process.h"

namespace leak_exporter::procfs {
namespace {

struct Row {
  uint64_t bytes = 0;
  std::string label;

  bool operator==(const Row&) const = default;
};

Result<std::vector<Row>> ReadRows(const ProcessHandle& process) {
  const SystemClock clock;
  std::string buffer;
  std::vector<Row> rows;
  const auto count = ForEachMapping(
      process, buffer, Deadline::Never(clock), [&](const Mapping& mapping) {
        rows.push_back({mapping.bytes(), std::string(MappingLabel(mapping))});
      });
  if (!count) return tl::unexpected(count.error());
  CHECK(*count == rows.size());
  return rows;
}

Result<uint64_t> Count(const ProcessHandle& process) {
  const SystemClock clock;
  std::string buffer;
  return CountMappings(process, buffer, Deadline::Never(clock));
}

TEST_CASE("maps: a line gives range and name") {
  struct Case {
    std::string line;
    uint64_t bytes;
    std::string name;
    std::string label;
  };
  const std::string range = "7f0000000000-7f0000003000 rw-p 00000000 00:00 0";
  const auto [line, bytes, name, label] = GENERATE_COPY(
      Case{"00400000-0041f000 r--p 00000000 fe:00 247970                     "
           "        /usr/bin/python3.11",
           0x1f000, "/usr/bin/python3.11", "/usr/bin/python3.11"},
      // 32-bit kernels and processes.
      Case{"b7fd5000-b7fd7000 r-xp 00000000 08:01 1052 /lib/ld-2.31.so", 0x2000,
           "/lib/ld-2.31.so", "/lib/ld-2.31.so"},
      Case{"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0         "
           "         [vsyscall]",
           0x1000, "[vsyscall]", "anon"},
      Case{range, 0x3000, "", "anon"}, Case{range + " ", 0x3000, "", "anon"},
      Case{range + "   [heap]", 0x3000, "[heap]", "[heap]"},
      Case{range + "   [stack]", 0x3000, "[stack]", "[stack]"},
      // Kernels 3.4 to 4.4 named the stacks of threads.
      Case{range + "   [stack:986]", 0x3000, "[stack:986]", "anon"},
      Case{range + "   [vdso]", 0x3000, "[vdso]", "anon"},
      Case{range + "   [vvar_vclock]", 0x3000, "[vvar_vclock]", "anon"},
      // prctl(PR_SET_VMA_ANON_NAME), kernel 5.17.
      Case{range + "   [anon:a/b c]", 0x3000, "[anon:a/b c]", "anon"},
      Case{range + "   [anon_shmem:x]", 0x3000, "[anon_shmem:x]", "anon"},
      Case{range + "   anon_inode:[perf_event]", 0x3000,
           "anon_inode:[perf_event]", "anon"},
      Case{range + "   /tmp/with  spaces (deleted)", 0x3000,
           "/tmp/with  spaces (deleted)", "/tmp/with  spaces (deleted)"},
      Case{range + "   /tmp/ends in space ", 0x3000, "/tmp/ends in space ",
           "/tmp/ends in space "},
      Case{range + "   /tmp/new\\012line", 0x3000, "/tmp/new\\012line",
           "/tmp/new\\012line"},
      Case{range + "   /dev/zero (deleted)", 0x3000, "/dev/zero (deleted)",
           "/dev/zero (deleted)"},
      Case{range + "   /SYSV00000000 (deleted)", 0x3000,
           "/SYSV00000000 (deleted)", "/SYSV00000000 (deleted)"},
      Case{range + "   /memfd:x (deleted)", 0x3000, "/memfd:x (deleted)",
           "/memfd:x (deleted)"},
      Case{range + "   /tmp/\xff\xfe", 0x3000, "/tmp/\xff\xfe",
           "/tmp/\xff\xfe"},
      Case{"0-ffffffffffffffff ---p ffffffffffffffff ffffff:fffff "
           "18446744073709551615",
           0xffffffffffffffff, "", "anon"});
  CAPTURE(line);
  const auto mapping = ParseMapping(line, 1);
  REQUIRE(mapping);
  CHECK(mapping->bytes() == bytes);
  CHECK(mapping->name == name);
  CHECK(MappingLabel(*mapping) == label);
}

TEST_CASE("maps: a line tells what may be done and where it comes from") {
  const auto file = ParseMapping(
      "7f0000001000-7f0000003000 rw-p 002b1000 fe:10 247970 /lib/libx.so", 1);
  REQUIRE(file.has_value());
  CHECK(file->readable);
  CHECK(file->writable);
  CHECK_FALSE(file->shared);
  CHECK(file->offset == 0x2b1000);
  CHECK(file->device == makedev(0xfe, 0x10));
  CHECK(file->inode == 247970);

  const auto shared = ParseMapping("1000-2000 --xs 00000000 00:00 0", 1);
  REQUIRE(shared.has_value());
  CHECK_FALSE(shared->readable);
  CHECK_FALSE(shared->writable);
  CHECK(shared->shared);
  CHECK(shared->inode == 0);
}

TEST_CASE("maps: a line that is not one is an error that says what is wrong") {
  const auto [line, what] = GENERATE(table<std::string, std::string>(
      {{"", "address range"},
       {"x", "address range"},
       {"-1000 rw-p 0 0:0 0", "address range"},
       {"1000-", "address range"},
       {"1000-2000", "address range"},
       {"2000-1000 rw-p 0 0:0 0", "address range"},
       {"1000-1000 rw-p 0 0:0 0", "address range"},
       {"0x1000-0x2000 rw-p 0 0:0 0", "address range"},
       {"10000000000000000-10000000000000001 rw-p 0 0:0 0", "address range"},
       {"1000-2000 rw", "permissions"},
       {"1000-2000 rw p 0 0:0 0", "permissions"},
       {"1000-2000 rw-px 0 0:0 0", "permissions"},
       {"1000-2000 rw-p ", "offset, device or inode"},
       {"1000-2000 rw-p 0 00", "offset, device or inode"},
       {"1000-2000 rw-p 0 0:0", "offset, device or inode"},
       {"1000-2000 rw-p 0 0:0 x", "offset, device or inode"},
       {"1000-2000 rw-p 0 0:0 -1", "offset, device or inode"},
       {"1000-2000 rw-p 0 0:0 12/tmp", "offset, device or inode"},
       {"Rss:   4 kB", "address range"}}));
  CAPTURE(line);
  const auto mapping = ParseMapping(line, 3);
  REQUIRE_FALSE(mapping);
  CHECK(mapping.error().code == 0);
  CHECK(mapping.error().message == "3: bad " + what + " '" + line + "'");
}

TEST_CASE("maps: the shape that kernel 6.18 gives it") {
  const FakeProc proc;
  proc.Write(7, "maps",
             "5601a8e0c000-5601a8e0e000 r--p 00000000 fe:00 1442               "
             "        /usr/bin/sleep\n"
             "5601c0a5d000-5601c0a7e000 rw-p 00000000 00:00 0                  "
             "        [heap]\n"
             "7f7170ab9000-7f7170abb000 rw-p 00000000 00:00 0 \n"
             "7f7170abb000-7f7170abf000 r--p 00000000 00:00 0                  "
             "        [vvar]\n"
             "7ffe81139000-7ffe8115a000 rw-p 00000000 00:00 0                  "
             "        [stack]\n"
             "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0          "
             "        [vsyscall]\n");
  const auto rows = ReadRows(proc.Open(7));
  REQUIRE(rows);
  CHECK(*rows == std::vector<Row>{{0x2000, "/usr/bin/sleep"},
                                  {0x21000, "[heap]"},
                                  {0x2000, "anon"},
                                  {0x4000, "anon"},
                                  {0x21000, "[stack]"},
                                  {0x1000, "anon"}});
  CHECK(Count(proc.Open(7)).value() == 6);
}

TEST_CASE("maps: lines that chunks cut apart are put together again") {
  const FakeProc proc;
  // Prime against the buffer's size, and long names besides.
  std::string text;
  constexpr uint64_t kLines = 5000;
  for (uint64_t i = 0; i < kLines; ++i) {
    text += "1000-2000 rw-p 0 0:0 0 /" + std::string(i % 97, 'x') +
            std::to_string(i) + "\n";
  }
  proc.Write(7, "maps", text);
  const auto rows = ReadRows(proc.Open(7));
  REQUIRE(rows);
  REQUIRE(rows->size() == kLines);
  for (uint64_t i = 0; i < kLines; ++i) {
    REQUIRE((*rows)[i].label ==
            "/" + std::string(i % 97, 'x') + std::to_string(i));
  }
  CHECK(Count(proc.Open(7)).value() == kLines);
}

TEST_CASE("maps: no address space is no mapping, and no error") {
  const FakeProc proc;
  proc.Write(7, "maps", "");
  CHECK(ReadRows(proc.Open(7)).value().empty());
  CHECK(Count(proc.Open(7)).value() == 0);
}

TEST_CASE("maps: a torn file is an error that names the line") {
  const FakeProc proc;
  const std::string whole = "1000-2000 rw-p 0 0:0 0\n";
  const std::string path = proc.root() + "/7/maps";

  proc.Write(7, "maps", whole + "2000-3000 rw-p 0 0:0 12");
  const auto torn = ReadRows(proc.Open(7));
  REQUIRE_FALSE(torn);
  CHECK(torn.error().message ==
        path + ":2: torn last line '2000-3000 rw-p 0 0:0 12'");
  const auto uncounted = Count(proc.Open(7));
  REQUIRE_FALSE(uncounted);
  CHECK(uncounted.error().message == path + ":2: torn last line ''");

  proc.Write(7, "maps", whole + whole + "2000-30\n");
  CHECK(ReadRows(proc.Open(7)).error().message ==
        path + ":3: bad address range '2000-30'");

  proc.Write(7, "maps", whole + std::string(70'000, '1'));
  CHECK_THAT(ReadRows(proc.Open(7)).error().message,
             ContainsSubstring(path + ":2: line too long '11111111111111"));
}

TEST_CASE("maps: past the deadline it ends with a timeout") {
  const FakeProc proc;
  proc.Write(7, "maps", "1000-2000 rw-p 0 0:0 0\n");
  const SystemClock clock;
  const auto past = Deadline(clock, std::chrono::steady_clock::time_point());
  std::string buffer;
  const auto read =
      ForEachMapping(proc.Open(7), buffer, past, [](const Mapping&) {});
  REQUIRE_FALSE(read);
  CHECK(read.error().code == ETIMEDOUT);
  CHECK(CountMappings(proc.Open(7), buffer, past).error().code == ETIMEDOUT);
}

TEST_CASE("maps: a process with 20000 mappings is read in a constant buffer") {
  // Alternating protections, so that neighbours are not merged.
  constexpr size_t kPages = 20'000;
  const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  const WaitingProcess child([&] {
    void* const area = ::mmap(nullptr, kPages * page, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (area == MAP_FAILED) ::_exit(1);
    for (size_t i = 0; i < kPages; i += 2) {
      if (::mprotect(static_cast<char*>(area) + i * page, page, PROT_NONE)) {
        ::_exit(1);
      }
    }
  });
  const auto process = ProcessHandle::Open(ProcFs(), child.pid());
  REQUIRE(process);
  const SystemClock clock;
  std::string buffer;
  uint64_t single_pages = 0;
  const auto count = ForEachMapping(*process, buffer, Deadline::Never(clock),
                                    [&](const Mapping& mapping) {
                                      if (mapping.bytes() == page)
                                        ++single_pages;
                                    });
  REQUIRE(count);
  CHECK(single_pages >= kPages - 1);
  CHECK(buffer.size() == size_t{64} << 10);
  CHECK(CountMappings(*process, buffer, Deadline::Never(clock)).value() ==
        *count);
}

TEST_CASE("maps: a zombie has none, a reaped process is gone") {
  WaitingProcess child;
  const auto process = ProcessHandle::Open(ProcFs(), child.pid());
  REQUIRE(process);
  CHECK(Count(*process).value() > 0);
  child.MakeZombie();
  const auto zombie = Count(*process);
  CHECK((zombie ? *zombie == 0 : IsGone(zombie.error())));
  child.Reap();
  const auto gone = ReadRows(*process);
  REQUIRE_FALSE(gone);
  CHECK(IsGone(gone.error()));
}

}  // namespace
}  // namespace leak_exporter::procfs
