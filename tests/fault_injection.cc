#include "tests/fault_injection.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <utility>

namespace leak_exporter {
namespace {

using Does = FaultInjection::Does;

FaultInjection* current = nullptr;

// The tests measure thousands of times, with some MB each time. They need not
// go to the kernel and back.
[[maybe_unused]] const bool keeps_memory = [] {
  constexpr int kAll = 1 << 29;
  return ::mallopt(M_MMAP_THRESHOLD, 1 << 25) != 0 &&
         ::mallopt(M_TRIM_THRESHOLD, kAll) != 0;
}();

// What an open descriptor is about.
std::string PathOf(int fd) {
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  std::array<char, PATH_MAX> path{};
  const ssize_t length = ::readlink(link.c_str(), path.data(), path.size());
  return length < 0 ? ""
                    : std::string(path.data(), static_cast<size_t>(length));
}

std::string PathAt(int directory_fd, const char* path) {
  if (path[0] == '/' || directory_fd == AT_FDCWD) return path;
  const std::string directory = PathOf(directory_fd);
  return path[0] == '\0' ? directory : directory + "/" + path;
}

/// Makes a call unless it is to fail.
template <typename Call>
auto Judged(const char* name, Does does, const std::string& path,
            const Call& call) -> decltype(call()) {
  const int code = FaultInjection::Judge(name, does, path).code;
  if (code == 0) return call();
  errno = code;
  return static_cast<decltype(call())>(-1);
}

/// The same for a call that reads into a buffer of this size.
template <typename Call>
ssize_t JudgedRead(const char* name, int fd, size_t size, const Call& call) {
  const auto verdict = FaultInjection::Judge(name, Does::kRead, PathOf(fd));
  if (verdict.code == 0)
    return call(verdict.cut ? std::min<size_t>(size, 1) : size);
  errno = verdict.code;
  return -1;
}

}  // namespace

FaultInjection::FaultInjection(std::vector<std::string> roots, FakeClock& clock,
                               const CallFault& fault, size_t at)
    : roots_(std::move(roots)), clock_(clock), fault_(fault), at_(at) {
  if (current != nullptr) throw std::logic_error("two FaultInjections");
  current = this;
}

FaultInjection::~FaultInjection() { current = nullptr; }

FaultInjection::Verdict FaultInjection::Judge(const char* call, Does does,
                                              const std::string& path) {
  return current == nullptr ? Verdict() : current->JudgeHere(call, does, path);
}

FaultInjection::Verdict FaultInjection::JudgeHere(const char* call, Does does,
                                                  const std::string& path) {
  if (!IsBelowRoots(path)) return {};
  const size_t number = calls_++;
  const pid_t pid = ProcessOf(path);
  const bool dead = fault_.death && victim_ != 0 && pid == victim_;
  const bool hit =
      (number == at_ || (fault_.for_good && number > at_)) && !fault_.death;
  const bool dies = fault_.death && number == at_ && pid != 0;
  if (!dead && !dies && !(hit && CanHaveFault(does, pid))) return {};
  if (place_.empty()) {
    victim_ = pid;
    place_ = std::string(call) + " " + path.substr(roots_.front().size());
  }
  clock_.Advance(fault_.duration);
  return {CodeFor(does), fault_.cut};
}

bool FaultInjection::IsBelowRoots(const std::string& path) const {
  return std::any_of(roots_.begin(), roots_.end(), [&](const auto& root) {
    return path.starts_with(root) &&
           (path.size() == root.size() || path[root.size()] == '/');
  });
}

pid_t FaultInjection::ProcessOf(const std::string& path) const {
  const std::string& root = roots_.front();
  if (!path.starts_with(root + "/")) return 0;
  return static_cast<pid_t>(std::atoi(path.c_str() + root.size() + 1));
}

bool FaultInjection::CanHaveFault(Does does, pid_t pid) const {
  if (fault_.cut) return does == Does::kRead;
  if (fault_.code == EMFILE) return does == Does::kOpen;
  // Only of a process can the kernel say that it is none.
  if (fault_.code == ENOENT || fault_.code == ESRCH) return pid != 0;
  return true;
}

int FaultInjection::CodeFor(Does does) const {
  if (!fault_.death) return fault_.code;
  return does == Does::kRead ? ESRCH : ENOENT;
}

}  // namespace leak_exporter

// NOLINTBEGIN: the linker makes these names.
extern "C" {

using leak_exporter::Judged;
using leak_exporter::JudgedRead;
using leak_exporter::PathAt;
using leak_exporter::PathOf;

int __real_open(const char* path, int flags, ...);
int __wrap_open(const char* path, int flags, ...) {
  return Judged("open", leak_exporter::Does::kOpen, path,
                [&] { return __real_open(path, flags); });
}

int __real_openat(int directory_fd, const char* path, int flags, ...);
int __wrap_openat(int directory_fd, const char* path, int flags, ...) {
  return Judged("openat", leak_exporter::Does::kOpen,
                PathAt(directory_fd, path),
                [&] { return __real_openat(directory_fd, path, flags); });
}

ssize_t __real_read(int fd, void* buffer, size_t size);
ssize_t __wrap_read(int fd, void* buffer, size_t size) {
  return JudgedRead("read", fd, size,
                    [&](size_t most) { return __real_read(fd, buffer, most); });
}

ssize_t __real_pread(int fd, void* buffer, size_t size, off_t offset);
ssize_t __wrap_pread(int fd, void* buffer, size_t size, off_t offset) {
  return JudgedRead("pread", fd, size, [&](size_t most) {
    return __real_pread(fd, buffer, most, offset);
  });
}

ssize_t __real_readlinkat(int directory_fd, const char* path, char* buffer,
                          size_t size);
ssize_t __wrap_readlinkat(int directory_fd, const char* path, char* buffer,
                          size_t size) {
  return Judged(
      "readlinkat", leak_exporter::Does::kLookUp, PathAt(directory_fd, path),
      [&] { return __real_readlinkat(directory_fd, path, buffer, size); });
}

int __real_access(const char* path, int mode);
int __wrap_access(const char* path, int mode) {
  return Judged("access", leak_exporter::Does::kLookUp, path,
                [&] { return __real_access(path, mode); });
}

int __real_statx(int directory_fd, const char* path, int flags, unsigned mask,
                 struct statx* status);
int __wrap_statx(int directory_fd, const char* path, int flags, unsigned mask,
                 struct statx* status) {
  const auto does = path[0] == '\0' ? leak_exporter::Does::kRead
                                    : leak_exporter::Does::kLookUp;
  return Judged("statx", does, PathAt(directory_fd, path), [&] {
    return __real_statx(directory_fd, path, flags, mask, status);
  });
}

int __real_fstat(int fd, struct stat* status);
int __wrap_fstat(int fd, struct stat* status) {
  return Judged("fstat", leak_exporter::Does::kRead, PathOf(fd),
                [&] { return __real_fstat(fd, status); });
}

ssize_t __real_getdents64(int fd, void* buffer, size_t size);
ssize_t __wrap_getdents64(int fd, void* buffer, size_t size) {
  return Judged("getdents64", leak_exporter::Does::kList, PathOf(fd),
                [&] { return __real_getdents64(fd, buffer, size); });
}

struct dirent* __real_readdir(DIR* directory);
struct dirent* __wrap_readdir(DIR* directory) {
  const int code =
      leak_exporter::FaultInjection::Judge(
          "readdir", leak_exporter::Does::kList, PathOf(::dirfd(directory)))
          .code;
  if (code == 0) return __real_readdir(directory);
  errno = code;
  return nullptr;
}

ssize_t __real_process_vm_readv(pid_t pid, const struct iovec* local,
                                unsigned long local_count,
                                const struct iovec* remote,
                                unsigned long remote_count,
                                unsigned long flags);
ssize_t __wrap_process_vm_readv(pid_t pid, const struct iovec* local,
                                unsigned long local_count,
                                const struct iovec* remote,
                                unsigned long remote_count,
                                unsigned long flags) {
  const auto verdict = leak_exporter::FaultInjection::Judge(
      "process_vm_readv", leak_exporter::Does::kRead,
      "/proc/" + std::to_string(pid) + "/mem");
  if (verdict.code != 0) {
    errno = verdict.code;
    return -1;
  }
  if (!verdict.cut) {
    return __real_process_vm_readv(pid, local, local_count, remote,
                                   remote_count, flags);
  }
  const iovec one_local = {local->iov_base, 1};
  const iovec one_remote = {remote->iov_base, 1};
  return __real_process_vm_readv(pid, &one_local, 1, &one_remote, 1, flags);
}

off_t __real_lseek(int fd, off_t offset, int whence);
off_t __wrap_lseek(int fd, off_t offset, int whence) {
  return Judged("lseek", leak_exporter::Does::kRead, PathOf(fd),
                [&] { return __real_lseek(fd, offset, whence); });
}

int __real_fstatfs(int fd, struct statfs* status);
int __wrap_fstatfs(int fd, struct statfs* status) {
  return Judged("fstatfs", leak_exporter::Does::kRead, PathOf(fd),
                [&] { return __real_fstatfs(fd, status); });
}

int __real_fstatvfs(int fd, struct statvfs* status);
int __wrap_fstatvfs(int fd, struct statvfs* status) {
  return Judged("fstatvfs", leak_exporter::Does::kRead, PathOf(fd),
                [&] { return __real_fstatvfs(fd, status); });
}

}  // extern "C"
// NOLINTEND
