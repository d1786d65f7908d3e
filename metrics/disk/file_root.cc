#include "metrics/disk/file_root.h"

#include <fcntl.h>

#include <cerrno>
#include <cstring>

#include "metrics/disk/path_walk.h"

namespace leak_exporter {

Result<UniqueFd> FileRoot::Open(const std::string& path, int flags) const {
  UniqueFd fd = directory_ ? OpenBelow(directory_->get(), path, flags)
                           : UniqueFd(::open(path.c_str(), flags | O_CLOEXEC));
  if (!fd.valid()) {
    const int code = errno;
    return Failure(code, path + ": " + std::strerror(code));
  }
  return fd;
}

}  // namespace leak_exporter
