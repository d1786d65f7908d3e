#include "metrics/disk/file_root.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

#include "metrics/base/uninterrupted.h"
#include "metrics/disk/path_walk.h"

namespace leak_exporter {
namespace {

RootId IdOf(const UniqueFd& directory) {
  struct statx status {};
  if (::statx(directory.get(), "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC,
              STATX_INO | STATX_MNT_ID, &status) == 0 &&
      (status.stx_mask & STATX_MNT_ID) != 0) {
    return {status.stx_mnt_id, FileId::Of(status)};
  }
  // The number of an open descriptor is nobody else's.
  return {0,
          {std::numeric_limits<uint64_t>::max(),
           static_cast<uint64_t>(directory.get())}};
}

}  // namespace

FileRoot FileRoot::Of(UniqueFd directory) {
  const RootId id = IdOf(directory);
  return {std::move(directory), id};
}

Result<UniqueFd> FileRoot::Open(const std::string& path, int flags) const {
  UniqueFd fd = directory_ ? OpenBelow(directory_->get(), path, flags)
                           : UniqueFd(Uninterrupted([&] {
                               return ::open(path.c_str(), flags | O_CLOEXEC);
                             }));
  if (!fd.valid()) {
    const int code = errno;
    return Failure(code, path + ": " + std::strerror(code));
  }
  return fd;
}

}  // namespace leak_exporter
