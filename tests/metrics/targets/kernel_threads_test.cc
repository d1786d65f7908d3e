#include "metrics/targets/kernel_threads.h"

#include "tests/catch.h"

namespace leak_exporter {
namespace {

FoundProcess Thread(pid_t pid, const char* comm) {
  FoundProcess thread;
  thread.pid = pid;
  thread.kernel_thread = true;
  thread.program.comm = comm;
  return thread;
}

TEST_CASE("kernel_threads: one is known by its pid and its inode") {
  KernelThreads threads;
  CHECK(threads.Find({2, 40}) == nullptr);
  threads.Remember({2, 40}, Thread(2, "kthreadd"));
  REQUIRE(threads.Find({2, 40}) != nullptr);
  CHECK(threads.Find({2, 40})->program.comm == "kthreadd");
  CHECK(threads.Find({2, 41}) == nullptr);
  CHECK(threads.Find({3, 40}) == nullptr);
}

TEST_CASE("kernel_threads: the last that was read for a pid counts") {
  KernelThreads threads;
  threads.Remember({2, 40}, Thread(2, "old"));
  threads.Remember({2, 41}, Thread(2, "new"));
  CHECK(threads.Find({2, 40}) == nullptr);
  REQUIRE(threads.Find({2, 41}) != nullptr);
  CHECK(threads.Find({2, 41})->program.comm == "new");
  threads.Forget(2);
  CHECK(threads.Find({2, 41}) == nullptr);
  threads.Forget(2);
}

TEST_CASE("kernel_threads: who is not listed, or as another, is forgotten") {
  KernelThreads threads;
  threads.KeepOnly({{2, 40}});
  CHECK(threads.Find({2, 40}) == nullptr);
  threads.Remember({2, 40}, Thread(2, "a"));
  threads.Remember({3, 50}, Thread(3, "b"));
  threads.Remember({4, 60}, Thread(4, "c"));
  threads.KeepOnly({{1, 10}, {2, 40}, {4, 61}, {2, 40}});
  CHECK(threads.Find({2, 40}) != nullptr);
  CHECK(threads.Find({3, 50}) == nullptr);
  CHECK(threads.Find({4, 60}) == nullptr);
  threads.KeepOnly({});
  CHECK(threads.Find({2, 40}) == nullptr);
}

}  // namespace
}  // namespace leak_exporter
