#include "metrics/disk/identify.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "metrics/base/uninterrupted.h"

namespace leak_exporter {

Result<FileId> Identify(const UniqueFd& file, const std::string& path) {
  struct statx status;
  const int result = Uninterrupted([&] {
    return ::statx(file.get(), "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC,
                   STATX_INO, &status);
  });
  if (result == 0) return FileId::Of(status);
  const int code = errno;
  return Failure(code, path + ": " + std::strerror(code));
}

}  // namespace leak_exporter
