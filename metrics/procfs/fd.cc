#include "metrics/procfs/fd.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <utility>

#include "metrics/base/uninterrupted.h"
#include "metrics/base/unique_fd.h"
#include "metrics/procfs/text.h"

namespace leak_exporter::procfs {
namespace {

// A thousand entries of /proc/PID/fd at a time.
constexpr size_t kBufferSize = size_t{32} << 10;
constexpr int kNoServer = AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT;

using Visit = std::function<void(const Result<Descriptor>&)>;

// `statx` fills a struct statx with what a mask asks for.
template <typename Statx>
Result<Descriptor> Describe(unsigned number, const Statx& statx) {
  struct statx status {};
  auto read = statx(STATX_TYPE | STATX_INO | STATX_NLINK, status);
  if (!read) return tl::unexpected(std::move(read).error());
  Descriptor descriptor;
  descriptor.number = number;
  descriptor.type = status.stx_mode & S_IFMT;
  descriptor.links = status.stx_nlink;
  descriptor.device = ::makedev(status.stx_dev_major, status.stx_dev_minor);
  descriptor.inode = status.stx_ino;
  if (descriptor.type == S_IFREG && descriptor.links == 0) {
    // Asked for apart: some filesystems write data back to count blocks.
    read = statx(STATX_BLOCKS, status);
    if (!read) return tl::unexpected(std::move(read).error());
    constexpr uint64_t kBlockSize = 512;
    descriptor.allocated_bytes = status.stx_blocks * kBlockSize;
  }
  return descriptor;
}

// Reads what the descriptors of one process refer to.
class DescriptorReader {
 public:
  DescriptorReader(const ProcessHandle& process, UniqueFd directory)
      : process_(process), directory_(std::move(directory)) {}

  // The next entries of the directory; none at its end.
  Result<std::string_view> ReadEntries(std::string& buffer) {
    const ssize_t size = Uninterrupted([&] {
      return ::getdents64(directory_.get(), buffer.data(), kBufferSize);
    });
    if (size < 0) return FailureOf("fd");
    return std::string_view(buffer.data(), static_cast<size_t>(size));
  }

  Result<void> VisitEntries(std::string_view entries, const Visit& visit) {
    while (!entries.empty()) {
      const auto* entry = reinterpret_cast<const dirent64*>(entries.data());
      entries.remove_prefix(entry->d_reclen);
      const auto number = ParseNumber<unsigned>(entry->d_name);
      if (!number) continue;
      const auto descriptor = Read(*number, entry->d_name);
      if (!descriptor && IsGone(descriptor.error())) {
        missed_any_ = true;
        continue;
      }
      if (!descriptor && IsPermission(descriptor.error()) &&
          !ReadTarget(entry->d_name)) {
        return tl::unexpected(descriptor.error());
      }
      visit(descriptor);
      ++count_;
    }
    return {};
  }

  uint64_t count() const { return count_; }
  // Whether one was listed but gone when it was looked at.
  bool missed_any() const { return missed_any_; }

 private:
  // The target is a view of this object, until the next call.
  Result<Descriptor> Read(unsigned number, const char* name) {
    auto descriptor = Describe(
        number, [&](unsigned mask, struct statx& status) -> Result<void> {
          const int result = Uninterrupted([&] {
            return ::statx(directory_.get(), name, kNoServer, mask, &status);
          });
          if (result == 0) return {};
          return FailureOf(std::string("fd/") + name);
        });
    if (descriptor && (descriptor->type == S_IFREG || descriptor->type == 0)) {
      const auto target = ReadTarget(name);
      if (!target) return tl::unexpected(target.error());
      descriptor->target = *target;
    }
    return descriptor;
  }

  // Empty where it is longer than the page that the kernel has for it.
  Result<std::string_view> ReadTarget(const char* name) {
    const ssize_t length = Uninterrupted([&] {
      return ::readlinkat(directory_.get(), name, target_.data(),
                          target_.size());
    });
    if (length >= 0) {
      return std::string_view(target_.data(), static_cast<size_t>(length));
    }
    if (errno == ENAMETOOLONG) return std::string_view();
    return FailureOf(std::string("fd/") + name);
  }

  tl::unexpected<Error> FailureOf(const std::string& name) const {
    const int code = errno;
    return Failure(code, process_.Path(name) + ": " + std::strerror(code));
  }

  const ProcessHandle& process_;
  UniqueFd directory_;
  std::array<char, PATH_MAX> target_;
  uint64_t count_ = 0;
  bool missed_any_ = false;
};

struct Listing {
  uint64_t count = 0;
  bool missed_any = false;
};

Result<Listing> ListAll(const ProcessHandle& process, std::string& buffer,
                        const Deadline& deadline, const Visit& visit) {
  auto directory = process.OpenAt("fd", O_RDONLY | O_DIRECTORY);
  if (!directory) return tl::unexpected(std::move(directory).error());
  DescriptorReader reader(process, std::move(*directory));
  if (buffer.size() < kBufferSize) buffer.resize(kBufferSize);
  for (;;) {
    const auto entries = reader.ReadEntries(buffer);
    if (!entries) return tl::unexpected(entries.error());
    if (entries->empty()) return Listing{reader.count(), reader.missed_any()};
    if (deadline.Expired()) {
      return Failure(ETIMEDOUT,
                     process.Path("fd") + ": not read to its end in time");
    }
    auto visited = reader.VisitEntries(*entries, visit);
    if (!visited) return tl::unexpected(std::move(visited).error());
  }
}

// An exiting process gives its address space back before its descriptors
// (kernel/exit.c, do_exit); from then on fd/ is root's.
bool HasEnded(const ProcessHandle& process) {
  const auto exe = process.ReadLink("exe");
  return !exe && IsGone(exe.error());
}

}  // namespace

Result<uint64_t> ForEachDescriptor(const ProcessHandle& process,
                                   std::string& buffer,
                                   const Deadline& deadline,
                                   const Visit& visit) {
  const auto listing = ListAll(process, buffer, deadline, visit);
  const bool in_doubt = listing ? listing->missed_any || listing->count == 0
                                : IsPermission(listing.error());
  if (in_doubt && HasEnded(process)) {
    return Failure(ESRCH, process.Path("fd") + ": the process has ended");
  }
  if (!listing) return tl::unexpected(listing.error());
  return listing->count;
}

Result<Descriptor> StatDescriptor(const ProcessHandle& process,
                                  unsigned number) {
  std::array<char, 16> name{'f', 'd', '/'};
  std::to_chars(name.data() + 3, name.data() + name.size() - 1, number);
  return Describe(number, [&](unsigned mask, struct statx& status) {
    return process.Stat(name.data(), mask, status);
  });
}

bool IsNameOf(const ProcessHandle& process, std::string_view path,
              const Descriptor& file) {
  std::string name("root");
  name += path;
  struct statx status {};
  return process.Stat(name.c_str(), STATX_INO, status) &&
         status.stx_ino == file.inode &&
         ::makedev(status.stx_dev_major, status.stx_dev_minor) == file.device;
}

}  // namespace leak_exporter::procfs
