#include "metrics/procfs/pids.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>

#include "metrics/base/uninterrupted.h"
#include "metrics/procfs/text.h"

namespace leak_exporter::procfs {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

tl::unexpected<Error> SystemFailure(const std::string& path) {
  const int code = errno;
  return Failure(code, path + ": " + std::strerror(code));
}

}  // namespace

Result<std::vector<NumberedEntry>> ListNumbers(UniqueFd directory,
                                               const std::string& path,
                                               size_t most) {
  const std::unique_ptr<DIR, CloseDirectory> stream(
      ::fdopendir(directory.get()));
  if (!stream) return SystemFailure(path);
  directory.Release();
  std::vector<NumberedEntry> entries;
  for (;;) {
    errno = 0;
    const dirent* const entry = ::readdir(stream.get());
    if (entry == nullptr && errno == EINTR) continue;
    if (entry == nullptr) break;
    if (const auto number = ParseNumber<pid_t>(entry->d_name)) {
      if (entries.size() == most) {
        return Failure(
            EFBIG, path + ": more than " + std::to_string(most) + " entries");
      }
      entries.push_back({*number, entry->d_ino});
    }
  }
  if (errno != 0) return SystemFailure(path);
  return entries;
}

bool IsHidden(const ProcFs& fs, pid_t pid) {
  return ::access(fs.Path("self").c_str(), F_OK) == 0 &&
         ::access(fs.Path(1, "stat").c_str(), F_OK) != 0 &&
         (::kill(pid, 0) == 0 || errno != ESRCH);
}

Result<std::vector<NumberedEntry>> ListPids(const ProcFs& fs) {
  UniqueFd directory(Uninterrupted([&] {
    return ::open(fs.root().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  }));
  if (!directory.valid()) return SystemFailure(fs.root());
  return ListNumbers(std::move(directory), fs.root());
}

}  // namespace leak_exporter::procfs
