#pragma once

#include <seccomp.h>

#include <string_view>
#include <vector>

#include "exporter/system/syscall_needs.h"

namespace leak_exporter {

/// A system call that the running program needs, and with which arguments: all
/// conditions must hold. A call may have several entries.
struct AllowedSyscall {
  const char* name = nullptr;
  std::vector<scmp_arg_cmp> conditions = {};
};

/// What the program, its libraries and the C library call while it serves, from
/// glibc 2.36 on. A name that this architecture does not have is left out by
/// the caller.
std::vector<AllowedSyscall> AllowedSyscalls(const SyscallNeeds& needs);

}  // namespace leak_exporter
