#include "metrics/procfs/status.h"

#include <unistd.h>

#include <string>

#include "tests/catch.h"

namespace leak_exporter::procfs {
namespace {

/// Lines as kernel 6.18 writes them, shortened to one of each kind.
const std::string kStatus =
    "Name:\tpython3\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t4306\n"
    "Ngid:\t0\nPid:\t4306\nPPid:\t4300\nTracerPid:\t0\n"
    "Uid:\t1000\t1001\t1002\t1003\nGid:\t1\t2\t3\t4\nFDSize:\t64\n"
    "Groups:\t4 20 \nNStgid:\t4306\t12\nNSpid:\t4306\t12\nNSpgid:\t4306\t12\n"
    "NSsid:\t4306\t12\nKthread:\t0\nVmPeak:\t   20000 kB\n"
    "VmSize:\t   19000 kB\nVmLck:\t       0 kB\nVmPin:\t       0 kB\n"
    "VmHWM:\t    9000 kB\nVmRSS:\t    8192 kB\nRssAnon:\t    4096 kB\n"
    "RssFile:\t    4000 kB\nRssShmem:\t      96 kB\nVmData:\t     100 kB\n"
    "VmStk:\t     132 kB\nVmExe:\t       4 kB\nVmLib:\t    1800 kB\n"
    "VmPTE:\t      52 kB\nVmSwap:\t      12 kB\nHugetlbPages:\t       0 kB\n"
    "CoreDumping:\t0\nTHP_enabled:\t1\nuntag_mask:\t0xffffffffffffffff\n"
    "Threads:\t7\nSigQ:\t0/96062\nSigPnd:\t0000000000000000\n"
    "Seccomp:\t0\nSpeculation_Store_Bypass:\tvulnerable\n"
    "Cpus_allowed:\t3\nMems_allowed:\t1\nvoluntary_ctxt_switches:\t150\n"
    "nonvoluntary_ctxt_switches:\t26\nx86_Thread_features:\t\n";

std::string With(std::string text, const std::string& from,
                 const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

TEST_CASE("status: every field that is used") {
  const auto status = ParseStatus(kStatus);
  REQUIRE(status);
  CHECK(status->name == "python3");
  CHECK(status->state == 'S');
  CHECK(status->parent_pid == 4300);
  CHECK(status->effective_uid == 1001);
  CHECK(status->only_uid == std::nullopt);
  CHECK(status->threads == 7);
  CHECK(status->peak_resident_bytes == 9000 * 1024);
  CHECK(status->resident_bytes == 8192 * 1024);
  CHECK(status->anonymous_bytes == 4096 * 1024);
  CHECK(status->file_bytes == 4000 * 1024);
  CHECK(status->shared_bytes == 96 * 1024);
  CHECK(status->swap_bytes == 12 * 1024);
  CHECK(status->context_switches == 176);
  CHECK(status->namespace_pid == 12);
}

TEST_CASE("status: a zombie has no memory lines, and none is 0") {
  const auto status = ParseStatus(
      "Name:\tsh\nState:\tZ (zombie)\nTgid:\t9\nPid:\t9\nPPid:\t4306\n"
      "Uid:\t0\t0\t0\t0\nNSpid:\t9\nThreads:\t1\n"
      "voluntary_ctxt_switches:\t3\nnonvoluntary_ctxt_switches:\t0\n");
  REQUIRE(status);
  CHECK(status->state == 'Z');
  CHECK_FALSE(status->resident_bytes);
  CHECK_FALSE(status->peak_resident_bytes);
  CHECK_FALSE(status->anonymous_bytes);
  CHECK_FALSE(status->file_bytes);
  CHECK_FALSE(status->shared_bytes);
  CHECK_FALSE(status->swap_bytes);
  CHECK(status->threads == 1);
  CHECK(status->context_switches == 3);
}

TEST_CASE("status: kernel 3.10 has no Rss lines and no NSpid") {
  const auto status = ParseStatus(
      "Name:\tinit\nState:\tS (sleeping)\nTgid:\t1\nPid:\t1\nPPid:\t0\n"
      "TracerPid:\t0\nUid:\t0\t0\t0\t0\nVmHWM:\t    2000 kB\n"
      "VmRSS:\t    1000 kB\nVmSwap:\t       0 kB\nThreads:\t1\n");
  REQUIRE(status);
  CHECK(status->resident_bytes == 1000 * 1024);
  CHECK_FALSE(status->anonymous_bytes);
  CHECK(status->swap_bytes == 0);
  CHECK_FALSE(status->context_switches);
  CHECK(status->namespace_pid == 1);
}

TEST_CASE("status: the kernel's escapes in the name are undone") {
  struct Case {
    std::string written;
    std::string name;
  };
  for (const Case& expected : {
           Case{"a\\nb", "a\nb"},
           Case{"a\\\\nb", "a\\nb"},
           Case{"\\\\", "\\"},
           Case{"a\\", "a\\"},
           Case{"\\t", "\\t"},
           Case{"\xff)", "\xff)"},
           Case{"", ""},
           Case{" \tx ", " \tx "},
           Case{"State:\tZ", "State:\tZ"},
       }) {
    const auto status = ParseStatus(
        With(kStatus, "Name:\tpython3", "Name:\t" + expected.written));
    REQUIRE(status);
    CHECK(status->name == expected.name);
    CHECK(status->state == 'S');
  }
}

TEST_CASE(
    "status: a known line with a bad value is named by line and content") {
  struct Case {
    std::string from;
    std::string to;
    std::string message;
  };
  for (const Case& bad : {
           Case{"VmRSS:\t    8192 kB", "VmRSS:\t x kB", "23: bad VmRSS 'x kB'"},
           Case{"VmRSS:\t    8192 kB", "VmRSS:\t    8192 MB",
                "23: bad VmRSS '8192 MB'"},
           Case{"VmRSS:\t    8192 kB", "VmRSS:\t kB", "23: bad VmRSS 'kB'"},
           Case{"VmRSS:\t    8192 kB", "VmRSS:\t -1 kB",
                "23: bad VmRSS '-1 kB'"},
           Case{"VmSwap:\t      12 kB", "VmSwap:\t18014398509481984 kB",
                "32: bad VmSwap '18014398509481984 kB'"},
           Case{"Threads:\t7", "Threads:\t", "37: bad Threads ''"},
           Case{"Threads:\t7", "Threads:\t99999999999",
                "37: bad Threads '99999999999'"},
           Case{"PPid:\t4300", "PPid:\t4300 ", "7: bad PPid '4300 '"},
           Case{"State:\tS (sleeping)", "State:\t", "3: bad State ''"},
           Case{"Uid:\t1000\t1001\t1002\t1003", "Uid:\t1000",
                "9: bad Uid '1000'"},
           Case{"NSpid:\t4306\t12", "NSpid:\t4306\t", "14: bad NSpid '4306\t'"},
           Case{"voluntary_ctxt_switches:\t150",
                "voluntary_ctxt_switches:\t1 5",
                "44: bad voluntary_ctxt_switches '1 5'"},
       }) {
    const auto status = ParseStatus(With(kStatus, bad.from, bad.to));
    REQUIRE_FALSE(status);
    CHECK(status.error().code == 0);
    std::string expected = bad.message;
    for (char& byte : expected) {
      if (byte == '\t') byte = '?';
    }
    CHECK(status.error().message == expected);
  }
}

TEST_CASE("status: State and PPid must be there, and lines must end") {
  struct Case {
    std::string text;
    std::string message;
  };
  for (const Case& bad : {
           Case{"", "0: ends without State"},
           Case{"Name:\tx\nPPid:\t1\n", "2: ends without State"},
           Case{"Name:\tx\nState:\tR (running)\n", "2: ends without PPid"},
           Case{"Name:\tx\nState:\tR (running)\nPPid:\t43",
                "3: torn line 'PPid:?43'"},
       }) {
    const auto status = ParseStatus(bad.text);
    REQUIRE_FALSE(status);
    CHECK(status.error().message == bad.message);
  }
}

TEST_CASE("status: lines that it does not know are skipped") {
  const auto status = ParseStatus(
      "\n:\nNew\nVm\nState:\tT (stopped)\nPPid:\t1\nThreadsX:\tx\n"
      "Nonsense:\t-\nRss\n");
  REQUIRE(status);
  CHECK(status->state == 'T');
  CHECK(status->name.empty());
}

TEST_CASE("status: the reader's own file") {
  const auto self = ProcessHandle::Open(ProcFs(), ::getpid());
  REQUIRE(self);
  std::string buffer;
  const auto status = ReadStatus(*self, buffer);
  REQUIRE(status);
  CHECK(status->name == "test_procfs");
  CHECK(status->state == 'R');
  CHECK(status->parent_pid == ::getppid());
  CHECK(status->effective_uid == ::geteuid());
  CHECK(status->only_uid == ::geteuid());
  CHECK(status->threads == 1);
}

}  // namespace
}  // namespace leak_exporter::procfs
