#include "metrics/base/open_untouched.h"

#include <fcntl.h>

#include <cerrno>

namespace leak_exporter {

UntouchedFile OpenUntouched(int directory_fd, const char* path, int flags) {
  UntouchedFile file;
  file.fd.Reset(::openat(directory_fd, path, flags | O_NOATIME | O_CLOEXEC));
  if (file.fd.valid() || errno != EPERM) return file;
  file.fd.Reset(::openat(directory_fd, path, flags | O_CLOEXEC));
  file.may_touch = file.fd.valid();
  return file;
}

}  // namespace leak_exporter
