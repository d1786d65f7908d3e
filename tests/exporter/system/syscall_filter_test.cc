#include "exporter/system/syscall_filter.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/catch.h"
#include "tests/in_child.h"
#include "tests/scratch_directory.h"

namespace leak_exporter {
namespace {

// Sanitizers make system calls of their own, so these tests filter none there.
std::string Filtered(const std::function<std::string()>& body,
                     const SyscallNeeds& needs = {}) {
  return InChild([&] {
    const auto installed = InstallSyscallFilter(UnneededCalls::kRefuse, needs);
    return installed ? body() : installed.error().message;
  });
}

std::string Errno(long result) {
  return result >= 0 ? "done" : std::to_string(errno);
}

const std::string kRefused = std::to_string(EPERM);

TEST_CASE("syscall_filter: what the program does not need fails with EPERM") {
  const ScratchDirectory directory;
  const std::string file = directory.path() + "/file";
  std::ofstream(file) << "content";
  using Call = std::function<long()>;
  const std::vector<std::pair<std::string, Call>> calls = {
      {"execve", [] { return ::execl("/bin/true", "true", nullptr); }},
      {"fork", [] { return ::fork(); }},
      {"vfork", [] { return ::syscall(SYS_clone, CLONE_VM | SIGCHLD, 0); }},
      {"unshare", [] { return ::unshare(CLONE_NEWUSER); }},
      {"socket", [] { return ::socket(AF_UNIX, SOCK_STREAM, 0); }},
      {"connect", [] { return ::connect(0, nullptr, 0); }},
      {"bind", [] { return ::bind(0, nullptr, 0); }},
      {"listen", [] { return ::listen(0, 1); }},
      {"ptrace", [] { return ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr); }},
      {"process_vm_writev",
       [] {
         return ::process_vm_writev(::getpid(), nullptr, 0, nullptr, 0, 0);
       }},
      {"kill", [] { return ::kill(::getpid(), SIGWINCH); }},
      {"tgkill", [] { return ::syscall(SYS_tgkill, 1, 1, SIGWINCH); }},
      {"open to write", [&] { return ::open(file.c_str(), O_WRONLY); }},
      {"open to read and write", [&] { return ::open(file.c_str(), O_RDWR); }},
      {"open to cut", [&] { return ::open(file.c_str(), O_RDONLY | O_TRUNC); }},
      {"open to create",
       [&] { return ::open((file + "2").c_str(), O_WRONLY | O_CREAT, 0600); }},
      {"open without a name",
       [&] {
         return ::open(directory.path().c_str(), O_TMPFILE | O_RDWR, 0600);
       }},
      {"openat2",
       [&] {
         return ::syscall(SYS_openat2, AT_FDCWD, file.c_str(), nullptr, 0);
       }},
      {"creat", [&] { return ::creat((file + "2").c_str(), 0600); }},
      {"unlink", [&] { return ::unlink(file.c_str()); }},
      {"rename", [&] { return ::rename(file.c_str(), (file + "2").c_str()); }},
      {"chmod", [&] { return ::chmod(file.c_str(), 0); }},
      {"truncate", [&] { return ::truncate(file.c_str(), 0); }},
      {"another's priority", [] { return ::setpriority(PRIO_PROCESS, 1, 19); }},
      {"another's limits",
       [] {
         rlimit limit{1, 1};
         return ::prlimit(::getppid(), RLIMIT_NOFILE, &limit, nullptr);
       }},
      {"memory that runs",
       [] {
         const void* const memory = ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC,
                                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
         return memory == MAP_FAILED ? -1L : 0L;
       }},
  };
  for (const auto& [name, call] : calls) {
    CAPTURE(name);
    const Call& made = call;
    CHECK(Filtered([&made] {
            const std::string outcome = Errno(made());
            return outcome + " " + std::to_string(*refused_calls::Count());
          }) == kRefused + " 1");
  }
}

TEST_CASE("syscall_filter: what the program needs goes on") {
  const ScratchDirectory directory;
  const std::string file = directory.path() + "/file";
  std::ofstream(file) << "content";
  using Call = std::function<long()>;
  const std::vector<std::pair<std::string, Call>> calls = {
      {"read", [&] { return ::open(file.c_str(), O_RDONLY | O_NOATIME); }},
      {"look", [&] { return ::open(file.c_str(), O_PATH | O_NOFOLLOW); }},
      {"append",
       [&] {
         return ::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT, 0600);
       }},
      {"is it there", [] { return ::kill(::getpid(), 0); }},
      {"another's limits",
       [] {
         rlimit limit{};
         return ::prlimit(::getppid(), RLIMIT_NOFILE, nullptr, &limit);
       }},
      {"own priority", [] { return ::setpriority(PRIO_PROCESS, 0, 19); }},
      {"threads",
       [] {
         long joined = -1;
         std::thread([&joined] { joined = 0; }).join();
         return joined;
       }},
  };
  for (const auto& [name, call] : calls) {
    CAPTURE(name);
    const Call& made = call;
    CHECK(Filtered([&made] { return Errno(made()); }) == "done");
  }
}

TEST_CASE("syscall_filter: threads that run already are held to it") {
  CHECK(InChild([] {
          int ends[2];
          if (::pipe(ends) != 0) return std::string("no pipe");
          std::string outcome;
          std::thread early([&] {
            char byte = 0;
            static_cast<void>(::read(ends[0], &byte, 1));
            outcome = Errno(::socket(AF_UNIX, SOCK_STREAM, 0));
          });
          const auto installed =
              InstallSyscallFilter(UnneededCalls::kRefuse, {});
          static_cast<void>(!::write(ends[1], "x", 1));
          early.join();
          return installed ? outcome : installed.error().message;
        }) == kRefused);
}

TEST_CASE("syscall_filter: refused calls are named once each") {
  CHECK(Filtered([] {
          std::string told;
          const auto tell = [&told] {
            pollfd waiting{refused_calls::fd(), POLLIN, 0};
            told += ::poll(&waiting, 1, 0) == 1 ? "[" : "(";
            for (const auto& name : refused_calls::TakeNew()) told += name;
            told += "]";
          };
          tell();
          ::socket(AF_UNIX, SOCK_STREAM, 0);
          ::socket(AF_UNIX, SOCK_STREAM, 0);
          tell();
          ::socket(AF_UNIX, SOCK_STREAM, 0);
          tell();
          return told + std::to_string(*refused_calls::Count());
        }) == "(][socket][]3");
}

TEST_CASE("syscall_filter: a target is stopped only where that was asked for") {
  const auto attach = [] {
    // There is no such process: the kernel looked, and the filter let it.
    return Errno(::ptrace(PTRACE_SEIZE, 0x7fffffff, nullptr, nullptr));
  };
  CHECK(Filtered(attach) == kRefused);
  CHECK(Filtered(attach, {.stops_targets = true}) == std::to_string(ESRCH));
  CHECK(
      Filtered(
          [] { return Errno(::ptrace(PTRACE_POKEDATA, 1, nullptr, nullptr)); },
          {.stops_targets = true}) == kRefused);
}

TEST_CASE("syscall_filter: the kernel kills where that was asked for") {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    if (InstallSyscallFilter(UnneededCalls::kKill, {})) {
      ::socket(AF_UNIX, SOCK_STREAM, 0);
    }
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGSYS);
}

TEST_CASE("syscall_filter: without a filter there is no count") {
  CHECK(InChild([] {
          const auto installed =
              InstallSyscallFilter(UnneededCalls::kAllow, {});
          return std::string(installed && !refused_calls::Count() &&
                                     ::socket(AF_UNIX, SOCK_STREAM, 0) >= 0
                                 ? "none"
                                 : "some");
        }) == "none");
}

}  // namespace
}  // namespace leak_exporter
