#include "exporter/system/allowed_syscalls.h"

#include <asm/ioctls.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdint>

namespace leak_exporter {
namespace {

// An int argument: what the upper half of its register holds means nothing.
constexpr uint64_t kInt = 0xffffffff;

scmp_arg_cmp Masked(unsigned argument, uint64_t mask, uint64_t value) {
  return {argument, SCMP_CMP_MASKED_EQ, mask, value};
}

scmp_arg_cmp Is(unsigned argument, int value) {
  return Masked(argument, kInt, static_cast<uint32_t>(value));
}

void AddPlainCalls(std::vector<AllowedSyscall>& calls) {
  for (const char* const name : {
           // Files, which are opened below.
           "read",
           "readv",
           "pread64",
           "preadv",
           "write",
           "writev",
           "close",
           "close_range",
           "lseek",
           "_llseek",
           "dup",
           "fcntl",
           "fcntl64",
           "getdents64",
           "readlink",
           "readlinkat",
           "stat",
           "lstat",
           "fstat",
           "stat64",
           "lstat64",
           "fstat64",
           "newfstatat",
           "fstatat64",
           "statx",
           "statfs",
           "fstatfs",
           "statfs64",
           "fstatfs64",
           "access",
           "faccessat",
           "faccessat2",
           "getcwd",
           "fadvise64",
           // Connections that were accepted.
           "accept",
           "accept4",
           "recv",
           "recvfrom",
           "recvmsg",
           "send",
           "sendto",
           "sendmsg",
           "sendfile",
           "sendfile64",
           "shutdown",
           "getsockname",
           "getpeername",
           "getsockopt",
           "setsockopt",
           // Waiting.
           "poll",
           "ppoll",
           "ppoll_time64",
           "select",
           "pselect6",
           "pselect6_time64",
           "epoll_create1",
           "epoll_ctl",
           "epoll_wait",
           "epoll_pwait",
           "epoll_pwait2",
           "eventfd2",
           "signalfd4",
           "pipe2",
           "futex",
           "futex_time64",
           "futex_waitv",
           "nanosleep",
           "clock_nanosleep",
           "clock_nanosleep_time64",
           "restart_syscall",
           "wait4",
           "waitid",
           // Memory.
           "brk",
           "munmap",
           "mremap",
           "madvise",
           "membarrier",
           "mincore",
           // The target's memory: reading alone.
           "process_vm_readv",
           // Threads, signals and the end.
           "set_robust_list",
           "rseq",
           "set_tid_address",
           "sigaltstack",
           "rt_sigaction",
           "rt_sigprocmask",
           "rt_sigreturn",
           "rt_sigtimedwait",
           "sched_yield",
           "sched_getaffinity",
           "sched_getparam",
           "sched_getscheduler",
           "getcpu",
           "exit",
           "exit_group",
           // Who and when.
           "getpid",
           "getppid",
           "gettid",
           "getuid",
           "geteuid",
           "getgid",
           "getegid",
           "getresuid",
           "getresgid",
           "capget",
           "uname",
           "sysinfo",
           "getrusage",
           "getrlimit",
           "ugetrlimit",
           "getpriority",
           "clock_gettime",
           "clock_gettime64",
           "clock_getres",
           "clock_getres_time64",
           "gettimeofday",
           "time",
           "times",
           "getrandom",
       }) {
    calls.push_back({name});
  }
}

/// Reading, and adding to the end of a file: the file of debug blocks. No
/// overwriting, no cutting. openat2(2) keeps its flags where a filter cannot
/// look, and is therefore not among these calls.
void AddOpening(std::vector<AllowedSyscall>& calls) {
  constexpr uint64_t kTemporary = O_TMPFILE & ~O_DIRECTORY;
  constexpr uint64_t kMask =
      O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | kTemporary;
  constexpr uint64_t kAtItsEnd = O_WRONLY | O_APPEND | O_CREAT;
  for (const uint64_t flags : {uint64_t{O_RDONLY}, kAtItsEnd}) {
    calls.push_back({"open", {Masked(1, kMask, flags)}});
    calls.push_back({"openat", {Masked(2, kMask, flags)}});
  }
}

void AddMemory(std::vector<AllowedSyscall>& calls) {
  for (const char* const name : {"mmap", "mmap2", "mprotect"}) {
    calls.push_back({name, {Masked(2, PROT_EXEC, 0)}});
  }
}

/// Threads of this process, and no process or namespace.
void AddThreads(std::vector<AllowedSyscall>& calls) {
  constexpr uint64_t kNamespaces = CLONE_NEWNS | CLONE_NEWCGROUP |
                                   CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |
                                   CLONE_NEWPID | CLONE_NEWNET;
#ifdef __s390__
  constexpr unsigned kFlags = 1;
#else
  constexpr unsigned kFlags = 0;
#endif
  calls.push_back(
      {"clone", {Masked(kFlags, CLONE_THREAD | kNamespaces, CLONE_THREAD)}});
  for (const int option : {PR_SET_NAME, PR_SET_VMA}) {
    calls.push_back({"prctl", {Is(0, option)}});
  }
  // Its own priority, never another's.
  calls.push_back({"setpriority", {Is(0, PRIO_PROCESS), Is(1, 0)}});
}

void AddSignalsAndLimits(std::vector<AllowedSyscall>& calls) {
  calls.push_back({"kill", {Is(1, 0)}});
  calls.push_back({"tgkill", {Is(0, ::getpid())}});
  // Its own limits, and a look at others'.
  calls.push_back({"prlimit64", {Is(0, 0)}});
  calls.push_back({"prlimit64", {{2, SCMP_CMP_EQ, 0, 0}}});
  calls.push_back({"setrlimit"});
  for (const int request : {TCGETS, FIONREAD, FIONBIO}) {
    calls.push_back({"ioctl", {Is(1, request)}});
  }
}

void AddStopping(std::vector<AllowedSyscall>& calls) {
  for (const int request : {PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH}) {
    calls.push_back({"ptrace", {Is(0, request)}});
  }
}

}  // namespace

std::vector<AllowedSyscall> AllowedSyscalls(const SyscallNeeds& needs) {
  std::vector<AllowedSyscall> calls;
  AddPlainCalls(calls);
  AddOpening(calls);
  AddMemory(calls);
  AddThreads(calls);
  AddSignalsAndLimits(calls);
  if (needs.stops_targets) AddStopping(calls);
  return calls;
}

}  // namespace leak_exporter
