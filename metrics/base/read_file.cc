#include "metrics/base/read_file.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "metrics/base/uninterrupted.h"
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

struct ReadLimits {
  size_t most = kMostFileBytes + 1;
  bool short_read_ends = false;
};

Result<std::string_view> Whole(const char* path,
                               Result<std::string_view> text) {
  if (!text || text->size() <= kMostFileBytes) return text;
  return Failure(EFBIG, std::string(path) + ": longer than " +
                            std::to_string(kMostFileBytes) + " bytes");
}

Result<std::string_view> Read(int directory_fd, const char* path, int flags,
                              const ReadLimits& limits, std::string& buffer) {
  const UniqueFd fd(Uninterrupted(
      [&] { return ::openat(directory_fd, path, flags | O_CLOEXEC); }));
  if (!fd.valid()) return SystemFailure(path);
  if (buffer.size() < kFirstBufferSize) buffer.resize(kFirstBufferSize);
  size_t used = 0;
  for (;;) {
    const size_t room = std::min(buffer.size(), limits.most) - used;
    const ssize_t count = Uninterrupted(
        [&] { return ::read(fd.get(), buffer.data() + used, room); });
    if (count < 0) return SystemFailure(path);
    used += static_cast<size_t>(count);
    const bool ended = count == 0 || (limits.short_read_ends &&
                                      static_cast<size_t>(count) < room &&
                                      buffer[used - 1] == '\n');
    if (ended || used == limits.most) {
      return std::string_view(buffer.data(), used);
    }
    if (used == buffer.size()) {
      buffer.resize(std::min(buffer.size() * 2, limits.most));
    }
  }
}

}  // namespace

Result<std::string_view> ReadFileAt(int directory_fd, const char* path,
                                    std::string& buffer) {
  return Whole(path, Read(directory_fd, path, O_RDONLY, {}, buffer));
}

Result<std::string_view> ReadOnceAt(int directory_fd, const char* path,
                                    std::string& buffer) {
  return Whole(path, Read(directory_fd, path, O_RDONLY,
                          {.short_read_ends = true}, buffer));
}

Result<std::string_view> ReadPrefixAt(int directory_fd, const char* path,
                                      size_t most, std::string& buffer) {
  return Read(directory_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY,
              {.most = most}, buffer);
}

Result<std::string_view> ReadFile(const std::string& path,
                                  std::string& buffer) {
  return ReadFileAt(AT_FDCWD, path.c_str(), buffer);
}

Result<std::string> ReadLinkAt(int directory_fd, const char* path) {
  std::array<char, PATH_MAX> target;
  const ssize_t length = Uninterrupted([&] {
    return ::readlinkat(directory_fd, path, target.data(), target.size());
  });
  if (length < 0) return SystemFailure(path);
  return std::string(target.data(), static_cast<size_t>(length));
}

}  // namespace leak_exporter
