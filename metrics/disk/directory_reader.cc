#include "metrics/disk/directory_reader.h"

#include <dirent.h>
#include <sys/types.h>

#include <algorithm>
#include <cerrno>

#include "metrics/base/uninterrupted.h"

namespace leak_exporter {
namespace {

bool IsSelfOrParent(const char* name) {
  if (name[0] != '.') return false;
  return name[1] == '\0' || (name[1] == '.' && name[2] == '\0');
}

}  // namespace

DirectoryReader::DirectoryReader() : buffer_(new std::byte[kBufferBytes]) {}

tl::expected<bool, int> DirectoryReader::Fill(int directory_fd,
                                              size_t max_bytes) {
  next_ = used_ = 0;
  const ssize_t count = Uninterrupted([&] {
    return ::getdents64(directory_fd, buffer_.get(),
                        std::min(max_bytes, kBufferBytes));
  });
  if (count < 0) {
    if (errno == ENOENT) return false;
    return tl::unexpected<int>(errno);
  }
  used_ = static_cast<size_t>(count);
  return used_ > 0;
}

const char* DirectoryReader::Next() {
  while (next_ < used_) {
    const auto* entry =
        reinterpret_cast<const dirent64*>(buffer_.get() + next_);
    next_ += entry->d_reclen;
    if (!IsSelfOrParent(entry->d_name)) return entry->d_name;
  }
  return nullptr;
}

}  // namespace leak_exporter
