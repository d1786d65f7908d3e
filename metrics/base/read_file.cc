#include "metrics/base/read_file.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "metrics/base/unique_fd.h"

namespace leak_exporter {
namespace {

// One page is what the kernel's seq_file hands out at a time; most /proc files
// fit.
constexpr size_t kFirstBufferSize = 4096;

tl::unexpected<Error> SystemFailure(const char* path) {
  const int code = errno;
  return Failure(code, std::string(path) + ": " + std::strerror(code));
}

}  // namespace

Result<std::string_view> ReadFileAt(int directory_fd, const char* path,
                                    std::string& buffer) {
  const UniqueFd fd(::openat(directory_fd, path, O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return SystemFailure(path);
  if (buffer.size() < kFirstBufferSize) buffer.resize(kFirstBufferSize);
  size_t used = 0;
  for (;;) {
    const ssize_t count =
        ::read(fd.get(), buffer.data() + used, buffer.size() - used);
    if (count < 0) {
      if (errno == EINTR) continue;
      return SystemFailure(path);
    }
    if (count == 0) return std::string_view(buffer.data(), used);
    used += static_cast<size_t>(count);
    if (used == buffer.size()) buffer.resize(buffer.size() * 2);
  }
}

Result<std::string_view> ReadFile(const std::string& path,
                                  std::string& buffer) {
  return ReadFileAt(AT_FDCWD, path.c_str(), buffer);
}

Result<std::string> ReadLinkAt(int directory_fd, const char* path) {
  std::array<char, PATH_MAX> target;
  const ssize_t length =
      ::readlinkat(directory_fd, path, target.data(), target.size());
  if (length < 0) return SystemFailure(path);
  return std::string(target.data(), static_cast<size_t>(length));
}

}  // namespace leak_exporter
