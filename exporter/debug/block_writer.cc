#include "exporter/debug/block_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace leak_exporter {
namespace {

// Blocks show contents of memory, which not everybody may read.
constexpr mode_t kFileMode = 0640;

/// Whether `path` still names the file that is open as `fd`.
bool IsFileAt(const std::string& path, int fd) {
  struct stat open_file {};
  struct stat named_file {};
  return ::fstat(fd, &open_file) == 0 &&
         ::stat(path.c_str(), &named_file) == 0 &&
         open_file.st_dev == named_file.st_dev &&
         open_file.st_ino == named_file.st_ino;
}

}  // namespace

Result<void> BlockWriter::Write(std::string_view text) {
  const auto file = CurrentFile();
  const auto failure = [this](int code) {
    return Failure(code, (path_.empty() ? "standard output" : path_) + ": " +
                             std::strerror(code));
  };
  if (!file) return failure(file.error().code);
  while (!text.empty()) {
    const ssize_t count = ::write(*file, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failure(errno);
    text.remove_prefix(static_cast<size_t>(count));
  }
  return {};
}

Result<int> BlockWriter::CurrentFile() {
  if (path_.empty()) return STDOUT_FILENO;
  if (!file_.valid() || !IsFileAt(path_, file_.get())) {
    file_.Reset(::open(path_.c_str(),
                       O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY,
                       kFileMode));
    if (!file_.valid()) return Failure(errno, std::strerror(errno));
  }
  return file_.get();
}

}  // namespace leak_exporter
