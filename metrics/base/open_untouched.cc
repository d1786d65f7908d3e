#include "metrics/base/open_untouched.h"

#include <fcntl.h>

#include <cerrno>

#include "metrics/base/uninterrupted.h"

namespace leak_exporter {

UntouchedFile OpenUntouched(int directory_fd, const char* path, int flags) {
  UntouchedFile file;
  const auto open = [&](int all_flags) {
    return Uninterrupted(
        [&] { return ::openat(directory_fd, path, all_flags); });
  };
  file.fd.Reset(open(flags | O_NOATIME | O_CLOEXEC));
  if (file.fd.valid() || errno != EPERM) return file;
  file.fd.Reset(open(flags | O_CLOEXEC));
  file.may_touch = file.fd.valid();
  return file;
}

}  // namespace leak_exporter
