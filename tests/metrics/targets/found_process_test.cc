#include "metrics/targets/found_process.h"

#include <string>

#include "metrics/procfs/stat.h"
#include "tests/catch.h"

namespace leak_exporter {
namespace {

procfs::Stat Stat(char state, int64_t threads, uint32_t flags) {
  procfs::Stat stat;
  stat.pid = 7;
  stat.comm = "a)\xff b";
  stat.state = state;
  stat.parent_pid = 5;
  stat.flags = flags;
  stat.num_threads = threads;
  stat.start_time_ticks = 1234;
  stat.start_code = 11;
  stat.start_stack = 12;
  return stat;
}

TEST_CASE("found_process: everything that stat says of who it is") {
  const FoundProcess found =
      FoundProcess::Of(7, Stat('S', 3, procfs::kForkedButNotExeced));
  CHECK(found.pid == 7);
  CHECK(found.parent_pid == 5);
  CHECK(found.state == 'S');
  CHECK_FALSE(found.kernel_thread);
  CHECK_FALSE(found.ended);
  CHECK(found.program == Program{.start_time_ticks = 1234,
                                 .comm = "a)\xff b",
                                 .forked_but_not_execed = true,
                                 .start_code = 11,
                                 .start_stack = 12});
}

TEST_CASE("found_process: the pid is the one that was asked for") {
  CHECK(FoundProcess::Of(8, Stat('S', 1, 0)).pid == 8);
}

TEST_CASE("found_process: it has ended once all its threads have") {
  struct Case {
    char state;
    int64_t threads;
    bool ended;
  };
  for (const Case& expected :
       {Case{'S', 1, false}, Case{'R', 1, false}, Case{'D', 1, false},
        Case{'Z', 1, true}, Case{'Z', 0, true}, Case{'Z', 2, false},
        Case{'X', 2, true}, Case{'S', -1, false}}) {
    CAPTURE(expected.state, expected.threads);
    CHECK(
        FoundProcess::Of(7, Stat(expected.state, expected.threads, 0)).ended ==
        expected.ended);
  }
}

TEST_CASE("found_process: an exec shows in the addresses, or there is none") {
  procfs::Stat stat = Stat('S', 1, 0);
  CHECK(FoundProcess::Of(7, stat).shows_exec());
  stat.start_stack = 0;
  CHECK_FALSE(FoundProcess::Of(7, stat).shows_exec());
  stat.flags = procfs::kKernelThread;
  CHECK(FoundProcess::Of(7, stat).kernel_thread);
  CHECK(FoundProcess::Of(7, stat).shows_exec());
}

TEST_CASE("found_process: programs differ by start, comm and addresses") {
  const Program program = FoundProcess::Of(7, Stat('S', 1, 0)).program;
  Program other = program;
  CHECK(other == program);
  other.comm += "x";
  CHECK(other != program);
  other = program;
  other.start_time_ticks = 1235;
  CHECK(other != program);
  other = program;
  other.forked_but_not_execed = true;
  CHECK(other != program);
  other = program;
  other.start_code = 0;
  CHECK(other != program);
  other = program;
  other.start_stack = 13;
  CHECK(other != program);
}

}  // namespace
}  // namespace leak_exporter
