#include "metrics/disk/file_root.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

namespace leak_exporter {
namespace {

int OpenInRoot(int root_fd, const char* path, int flags) {
  open_how how{};
  how.flags = static_cast<uint64_t>(flags);
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  // EAGAIN: a rename or mount elsewhere ran at the same time as a "..".
  constexpr int kAttempts = 8;
  for (int attempt = 1;; ++attempt) {
    const long fd = ::syscall(SYS_openat2, root_fd, path, &how, sizeof how);
    if (fd >= 0 || errno != EAGAIN || attempt == kAttempts) {
      return static_cast<int>(fd);
    }
  }
}

}  // namespace

Result<UniqueFd> FileRoot::Open(const std::string& path, int flags) const {
  UniqueFd fd(directory_ ? OpenInRoot(directory_->get(), path.c_str(),
                                      flags | O_CLOEXEC)
                         : ::open(path.c_str(), flags | O_CLOEXEC));
  if (!fd.valid()) {
    const int code = errno;
    return Failure(code, path + ": " + std::strerror(code) +
                             (code == ENOSYS ? " (Linux 5.6 is needed)" : ""));
  }
  return fd;
}

}  // namespace leak_exporter
