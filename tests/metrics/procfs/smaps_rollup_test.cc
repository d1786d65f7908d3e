#include "metrics/procfs/smaps_rollup.h"

#include <cerrno>
#include <string>

#include "tests/catch.h"
#include "tests/fake_proc.h"
#include "tests/waiting_process.h"

namespace leak_exporter::procfs {
namespace {

TEST_CASE("smaps_rollup: PSS, and USS as everything private") {
  struct Case {
    std::string text;
    uint64_t proportional_bytes;
    uint64_t unique_bytes;
  };
  const auto [text, proportional_bytes, unique_bytes] = GENERATE(
      // Kernel 4.14.
      Case{"564b7e60c000-7ffc966df000 ---p 00000000 00:00 0 [rollup]\n"
           "Rss:                1700 kB\n"
           "Pss:                 278 kB\n"
           "Shared_Clean:       1544 kB\n"
           "Shared_Dirty:          0 kB\n"
           "Private_Clean:        40 kB\n"
           "Private_Dirty:       116 kB\n"
           "Swap:                  0 kB\n"
           "SwapPss:               7 kB\n",
           278 * 1024, 156 * 1024},
      // Kernel 6.18: more lines whose names begin alike, huge pages.
      Case{"564b7e60c000-7ffc966df000 ---p 00000000 00:00 0      [rollup]\n"
           "Rss:                1700 kB\n"
           "Pss:                 278 kB\n"
           "Pss_Dirty:           116 kB\n"
           "Pss_Anon:            116 kB\n"
           "Private_Clean:        40 kB\n"
           "Private_Dirty:       116 kB\n"
           "KSM:                   0 kB\n"
           "Shared_Hugetlb:       64 kB\n"
           "Private_Hugetlb:    2048 kB\n"
           "Locked:                0 kB\n",
           278 * 1024, 2204 * 1024},
      // More than nine digits leave no padding.
      Case{"Pss:1234567890123 kB\nPrivate_Clean: 0 kB\nPrivate_Dirty: 0 kB\n",
           1234567890123 * 1024, 0});
  const auto rollup = ParseSmapsRollup(text);
  REQUIRE(rollup);
  CHECK(rollup->proportional_bytes == proportional_bytes);
  CHECK(rollup->unique_bytes == unique_bytes);
}

TEST_CASE("smaps_rollup: absent and bad values are errors, never 0") {
  const auto [text, message] = GENERATE(table<std::string, std::string>(
      {{"", " no Pss, Private_Clean or Private_Dirty"},
       {"Rss: 1 kB\n", " no Pss, Private_Clean or Private_Dirty"},
       {"Pss: 1 kB\nPrivate_Clean: 1 kB\n",
        " no Pss, Private_Clean or Private_Dirty"},
       {"Rss: 1 kB\nPss:      x kB\n", "2: bad Pss 'x kB'"},
       {"Pss: 1\n", "1: bad Pss '1'"},
       {"Pss: 1 MB\n", "1: bad Pss '1 MB'"},
       {"Pss: -1 kB\n", "1: bad Pss '-1 kB'"},
       {"Pss:\n", "1: bad Pss ''"},
       {"Pss: kB\n", "1: bad Pss 'kB'"},
       {"Pss:  kB\n", "1: bad Pss 'kB'"},
       {"Pss: 18014398509481984 kB\n", "1: bad Pss '18014398509481984 kB'"},
       {"Pss: 1 kB\nPrivate_Clean: 1 kB\nPrivate_Dirty: 11",
        "3: torn last line 'Private_Dirty: 11'"}}));
  CAPTURE(text);
  const auto rollup = ParseSmapsRollup(text);
  REQUIRE_FALSE(rollup);
  CHECK(rollup.error().code == 0);
  CHECK(rollup.error().message == message);
}

TEST_CASE("smaps_rollup: errors name the file") {
  const FakeProc proc;
  proc.Write(7, "smaps_rollup", "Pss: x kB\n");
  std::string buffer;
  CHECK(ReadSmapsRollup(proc.Open(7), buffer).error().message ==
        proc.root() + "/7/smaps_rollup:1: bad Pss 'x kB'");
}

TEST_CASE("smaps_rollup: a zombie has no address space") {
  const WaitingProcess child;
  const auto process = ProcessHandle::Open(ProcFs(), child.pid());
  REQUIRE(process);
  std::string buffer;
  CHECK(ReadSmapsRollup(*process, buffer)->unique_bytes > 0);
  child.MakeZombie();
  const auto zombie = ReadSmapsRollup(*process, buffer);
  REQUIRE_FALSE(zombie);
  CHECK(IsGone(zombie.error()));
}

}  // namespace
}  // namespace leak_exporter::procfs
