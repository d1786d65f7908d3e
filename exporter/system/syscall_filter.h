#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "exporter/system/syscall_needs.h"
#include "metrics/base/result.h"

namespace leak_exporter {

/// What happens to a system call that the program has no need of.
enum class UnneededCalls {
  /// It fails with EPERM, and is counted.
  kRefuse,
  /// The kernel ends the program with SIGSYS.
  kKill,
  /// It is allowed: there is no filter.
  kAllow,
};

/// Lets all threads of this process make only the system calls that the running
/// program needs (seccomp(2)). Among those that are missing: execve, fork,
/// socket, connect, process_vm_writev, unlink, kill with any signal but 0, and
/// opening a file to write other than at its end. It cannot be undone. An error
/// says why there is no filter; the program then runs without one.
Result<void> InstallSyscallFilter(UnneededCalls unneeded,
                                  const SyscallNeeds& needs);

/// The calls that kRefuse has refused in this process, whatever the thread.
namespace refused_calls {

/// Absent without such a filter, and where this architecture cannot count.
std::optional<uint64_t> Count();

/// Becomes readable after each refused call. -1 without a filter.
int fd();

/// The names of the calls that were refused for the first time since the last
/// call of this function. Makes fd() unreadable. For one thread.
std::vector<std::string> TakeNew();

}  // namespace refused_calls

}  // namespace leak_exporter
