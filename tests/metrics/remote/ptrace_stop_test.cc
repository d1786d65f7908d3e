#include "metrics/remote/ptrace_stop.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "metrics/base/read_file.h"
#include "metrics/procfs/stat.h"
#include "tests/catch.h"
#include "tests/waiting_process.h"

namespace leak_exporter {
namespace {

constexpr auto kLongest = std::chrono::seconds(30);

/// Numbers that this process and a child of it see alike.
class SharedNumbers {
 public:
  using Numbers = std::array<std::atomic<uint64_t>, 4>;

  SharedNumbers()
      : numbers_(new (::mmap(nullptr, sizeof(Numbers), PROT_READ | PROT_WRITE,
                             MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Numbers{}) {}
  SharedNumbers(const SharedNumbers&) = delete;
  SharedNumbers& operator=(const SharedNumbers&) = delete;
  ~SharedNumbers() { ::munmap(numbers_, sizeof(Numbers)); }

  std::atomic<uint64_t>& operator[](size_t i) const { return (*numbers_)[i]; }

 private:
  Numbers* numbers_;
};

/// False where the number stays what it is for much too long.
bool WaitUntilAbove(const std::atomic<uint64_t>& number, uint64_t floor) {
  const auto end = std::chrono::steady_clock::now() + kLongest;
  while (number <= floor) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

procfs::ProcessHandle Open(pid_t pid) {
  auto process = procfs::ProcessHandle::Open(procfs::ProcFs(), pid);
  REQUIRE(process.has_value());
  return *std::move(process);
}

/// The state of each thread, as in /proc/PID/task/TID/stat. A sanitizer may
/// have one of its own.
std::string ThreadStates(pid_t pid) {
  std::string states;
  const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
  for (const auto& task : std::filesystem::directory_iterator(tasks)) {
    std::string buffer;
    const auto text = ReadFile(task.path().string() + "/stat", buffer);
    REQUIRE(text.has_value());
    states += text->at(text->rfind(')') + 2);
  }
  return states;
}

bool AllAreStopped(pid_t pid, size_t at_least) {
  const std::string states = ThreadStates(pid);
  INFO(states);
  return states.size() >= at_least &&
         states.find_first_not_of('t') == std::string::npos;
}

TEST_CASE("ptrace stop: no thread runs while it lives, all go on after it") {
  const SharedNumbers turns;
  const WaitingProcess child([&] {
    for (size_t i = 0; i < 3; ++i) {
      std::thread([&turns, i] {
        for (;;) ++turns[i];
      }).detach();
    }
  });
  const auto process = Open(child.pid());
  for (size_t i = 0; i < 3; ++i) REQUIRE(WaitUntilAbove(turns[i], 0));
  const SystemClock clock;
  std::array<uint64_t, 3> before{};
  {
    const auto stop =
        PtraceStop::Stop(process, Deadline::After(clock, kLongest));
    REQUIRE(stop.has_value());
    CHECK(AllAreStopped(child.pid(), 4));
    for (size_t i = 0; i < 3; ++i) before[i] = turns[i];
    for (int look = 0; look < 1000; ++look) std::this_thread::yield();
    for (size_t i = 0; i < 3; ++i) CHECK(turns[i] == before[i]);
  }
  for (size_t i = 0; i < 3; ++i) CHECK(WaitUntilAbove(turns[i], before[i]));
}

TEST_CASE("ptrace stop: a signal that arrives meanwhile is delivered after") {
  static SharedNumbers* received = nullptr;
  SharedNumbers numbers;
  received = &numbers;
  const WaitingProcess child(
      [] { ::signal(SIGUSR1, [](int) { ++(*received)[0]; }); });
  const auto process = Open(child.pid());
  const SystemClock clock;
  {
    const auto stop =
        PtraceStop::Stop(process, Deadline::After(clock, kLongest));
    REQUIRE(stop.has_value());
    REQUIRE(::kill(child.pid(), SIGUSR1) == 0);
    CHECK(numbers[0] == 0);
  }
  CHECK(WaitUntilAbove(numbers[0], 0));
  CHECK(numbers[0] == 1);
}

TEST_CASE("ptrace stop: can be moved, and then holds on") {
  const WaitingProcess child;
  const auto process = Open(child.pid());
  const SystemClock clock;
  auto stop = PtraceStop::Stop(process, Deadline::After(clock, kLongest));
  REQUIRE(stop.has_value());
  {
    const PtraceStop moved = *std::move(stop);
    CHECK(AllAreStopped(child.pid(), 1));
  }
  CHECK(ThreadStates(child.pid()).find('t') == std::string::npos);
}

TEST_CASE("ptrace stop: a process that has a tracer is refused") {
  const WaitingProcess child(
      [] { ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr); });
  const SystemClock clock;
  const auto stop =
      PtraceStop::Stop(Open(child.pid()), Deadline::After(clock, kLongest));
  REQUIRE_FALSE(stop.has_value());
  CHECK(stop.error().code == EPERM);
}

TEST_CASE("ptrace stop: a process that has ended is gone") {
  WaitingProcess child;
  const auto process = Open(child.pid());
  child.Reap();
  const SystemClock clock;
  const auto stop = PtraceStop::Stop(process, Deadline::After(clock, kLongest));
  REQUIRE_FALSE(stop.has_value());
  CHECK(IsGone(stop.error()));
}

/// Says that it is past any deadline from the third question on, and wakes who
/// waits in `held` then: not before, and not after.
class WakingClock final : public Clock {
 public:
  explicit WakingClock(int held) : held_(held) {}

  std::chrono::steady_clock::time_point Now() const override {
    if (++asked_ < 3) return {};
    if (asked_ == 3) woken_ = ::write(held_, "x", 1) == 1;
    return std::chrono::steady_clock::time_point::max();
  }
  std::chrono::nanoseconds SinceBoot() const override { return {}; }
  std::chrono::system_clock::time_point WallTime() const override { return {}; }

  bool woken() const { return woken_; }

 private:
  int held_;
  mutable int asked_ = 0;
  mutable bool woken_ = false;
};

TEST_CASE("ptrace stop: a thread that does not stop in time is let go") {
  std::array<int, 2> held{};
  REQUIRE(::pipe(held.data()) == 0);
  const SharedNumbers steps;
  // Descriptors of the test are closed in the child, all but the body's own.
  const std::string path =
      "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(held[0]);
  const WaitingProcess child([&] {
    std::thread([&] {
      const int fd = ::open(path.c_str(), O_RDONLY);
      // As vfork(2) without shared memory: until the new process ends, the
      // thread that made it can neither run nor stop.
      const long made =
          ::syscall(SYS_clone, CLONE_VFORK | SIGCHLD, nullptr, nullptr, 0, 0);
      if (made == 0) {
        // Who started the child waits for the end of another pipe.
        ::dup2(fd, STDIN_FILENO);
        ::closefrom(STDERR_FILENO + 1);
        char byte = 0;
        steps[0] = 1;
        ::_exit(::read(STDIN_FILENO, &byte, 1) == 1 ? 0 : 1);
      }
      steps[1] = 1;
    }).detach();
    while (steps[0] == 0) std::this_thread::yield();
  });
  const WakingClock clock(held[1]);
  const auto stop =
      PtraceStop::Stop(Open(child.pid()), Deadline::After(clock, kLongest));
  REQUIRE_FALSE(stop.has_value());
  CHECK(stop.error().code == ETIMEDOUT);
  CHECK(clock.woken());
  CHECK(WaitUntilAbove(steps[1], 0));
  ::close(held[0]);
  ::close(held[1]);
}

}  // namespace
}  // namespace leak_exporter
