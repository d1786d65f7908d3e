#include "metrics/procfs/process_handle.h"

#include <fcntl.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "metrics/base/open_untouched.h"
#include "metrics/base/read_file.h"
#include "metrics/base/uninterrupted.h"
#include "metrics/procfs/text.h"

namespace leak_exporter::procfs {
namespace {

Result<uint64_t> ReadStartTime(int directory_fd, const char* path) {
  // Not the caller's buffer: confirming must not overwrite what was read.
  std::string buffer;
  return ReadStatAt(directory_fd, path, buffer)
      .map([](const procfs::Stat& stat) { return stat.start_time_ticks; });
}

bool OutOfDescriptors(int code) { return code == EMFILE || code == ENFILE; }

/// Looks at errno where `fd` is invalid.
Result<UniqueFd> Opened(UniqueFd fd, const char* path) {
  if (fd.valid()) return fd;
  const int code = errno;
  return Failure(code, std::string(path) + ": " + std::strerror(code));
}

}  // namespace

Result<ProcessHandle> ProcessHandle::Open(const ProcFs& fs, pid_t pid,
                                          Keep keep) {
  ProcessHandle handle(fs.Path(pid), ProcessId{pid, 0}, UniqueFd());
  if (keep == Keep::kDescriptor) {
    handle.directory_.Reset(Uninterrupted([&] {
      return ::open(handle.path_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    }));
    if (!handle.directory_.valid() && !OutOfDescriptors(errno)) {
      const int code = errno;
      return Failure(code, handle.path_ + ": " + std::strerror(code));
    }
  }
  if (handle.directory_.valid()) {
    const auto start_time = ReadStartTime(handle.directory_.get(), "stat");
    if (start_time) {
      handle.id_.start_time_ticks = *start_time;
      return handle;
    }
    if (!OutOfDescriptors(start_time.error().code)) {
      return tl::unexpected<Error>(handle.Located(start_time.error()));
    }
    // It was the last one: reading matters more than keeping.
    handle.directory_.Reset();
  }
  return ReadStartTime(AT_FDCWD, handle.Path("stat").c_str())
      .map([&](uint64_t start_time) {
        handle.id_.start_time_ticks = start_time;
        return std::move(handle);
      });
}

template <typename Call>
auto ProcessHandle::Resolve(const char* name, const Call& call) const
    -> decltype(call(0, name)) {
  if (directory_.valid()) {
    return call(directory_.get(), name).map_error([this](Error error) {
      return Located(std::move(error));
    });
  }
  auto result = call(AT_FDCWD, Path(name).c_str());
  if (!result && IsGone(result.error())) return result;
  if (const auto same = ConfirmIdentity(); !same) {
    return tl::unexpected<Error>(same.error());
  }
  return result;
}

Result<std::string_view> ProcessHandle::Read(const char* name,
                                             std::string& buffer) const {
  return Resolve(name, [&](int directory_fd, const char* path) {
    return ReadFileAt(directory_fd, path, buffer);
  });
}

Result<std::string_view> ProcessHandle::ReadOnce(const char* name,
                                                 std::string& buffer) const {
  return Resolve(name, [&](int directory_fd, const char* path) {
    return ReadOnceAt(directory_fd, path, buffer);
  });
}

Result<std::string_view> ProcessHandle::ReadPrefix(const char* name,
                                                   size_t most,
                                                   std::string& buffer) const {
  return Resolve(name, [&](int directory_fd, const char* path) {
    return ReadPrefixAt(directory_fd, path, most, buffer);
  });
}

Result<std::string> ProcessHandle::ReadLink(const char* name) const {
  return Resolve(name, [](int directory_fd, const char* path) {
    return ReadLinkAt(directory_fd, path);
  });
}

Result<void> ProcessHandle::Stat(const char* name, unsigned mask,
                                 struct statx& status) const {
  return Resolve(name, [&](int directory_fd, const char* path) -> Result<void> {
    constexpr int kFlags = AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT;
    const int result = Uninterrupted(
        [&] { return ::statx(directory_fd, path, kFlags, mask, &status); });
    if (result == 0) return {};
    const int code = errno;
    return Failure(code, std::string(path) + ": " + std::strerror(code));
  });
}

Result<UniqueFd> ProcessHandle::OpenAt(const char* name, int flags) const {
  return Resolve(name, [&](int directory_fd, const char* path) {
    return Opened(UniqueFd(Uninterrupted([&] {
                    return ::openat(directory_fd, path, flags | O_CLOEXEC);
                  })),
                  path);
  });
}

Result<UniqueFd> ProcessHandle::OpenAtUntouched(const char* name,
                                                int flags) const {
  return Resolve(name, [&](int directory_fd, const char* path) {
    return Opened(OpenUntouched(directory_fd, path, flags).fd, path);
  });
}

std::string ProcessHandle::Path(std::string_view name) const {
  std::string path;
  path.reserve(path_.size() + 1 + name.size());
  path += path_;
  path += '/';
  path += name;
  return path;
}

Error ProcessHandle::Located(Error error) const {
  // A name relative to the directory stands before the cause already.
  if (directory_.valid()) error.message = Path(error.message);
  return error;
}

Result<void> ProcessHandle::ConfirmIdentity() const {
  const auto start_time = ReadStartTime(AT_FDCWD, Path("stat").c_str());
  if (!start_time) return tl::unexpected<Error>(start_time.error());
  if (*start_time != id_.start_time_ticks) {
    return Failure(ESRCH, path_ + ": another process has this pid now");
  }
  return {};
}

Result<Stat> ReadStat(const ProcessHandle& process, std::string& buffer) {
  const auto text = process.ReadOnce("stat", buffer);
  if (!text) return tl::unexpected<Error>(text.error());
  return ParseStat(*text).map_error([&](Error error) {
    return AtPath(process.Path("stat"), std::move(error));
  });
}

}  // namespace leak_exporter::procfs
