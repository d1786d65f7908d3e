#pragma once

#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>

namespace leak_exporter {

/// Puts the calling process, which must have one thread, into namespaces of its
/// own (unshare(2)'s flags; none is fine), with mounts that no other sees. An
/// ordinary user becomes root of a user namespace of its own for it, so that
/// mount(2) and chroot(2) work. Returns what failed, or nothing.
inline std::string EnterOwnNamespaces(int flags) {
  const uid_t user = ::geteuid();
  const gid_t group = ::getegid();
  if (user != 0) flags |= CLONE_NEWUSER;
  if (flags != 0 && ::unshare(flags) != 0) {
    return std::string("unshare: ") + std::strerror(errno);
  }
  if (user != 0) {
    std::ofstream("/proc/self/setgroups") << "deny";
    std::ofstream("/proc/self/uid_map") << "0 " << user << " 1";
    std::ofstream("/proc/self/gid_map") << "0 " << group << " 1";
    if (::geteuid() != 0) return "no mapping of users";
  }
  if ((flags & CLONE_NEWNS) != 0 &&
      ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return std::string("private mounts: ") + std::strerror(errno);
  }
  return "";
}

}  // namespace leak_exporter
