#include "metrics/disk/path_walk.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <string>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "metrics/base/read_file.h"
#include "metrics/base/uninterrupted.h"

namespace leak_exporter {
namespace {

// MAXSYMLINKS (include/linux/namei.h).
constexpr int kMostLinks = 40;
// Each keeps a descriptor while the walk goes on.
constexpr size_t kMostDepth = 256;

tl::expected<bool, int> IsProcfs(int fd) {
  struct statfs filesystem {};
  if (Uninterrupted([&] { return ::fstatfs(fd, &filesystem); }) != 0) {
    return tl::unexpected<int>(errno);
  }
  return filesystem.f_type == PROC_SUPER_MAGIC;
}

/// One walk. The remaining path is a text: what a link says is put before it.
class PathWalk {
 public:
  PathWalk(int root, std::string_view path) : root_(root), rest_(path) {}

  UniqueFd Open(int flags) {
    if (rest_.empty()) return Fail(ENOENT);
    while (true) {
      std::string name = TakeName();
      const bool last = rest_.find_first_not_of('/') == std::string::npos;
      if (name == "..") {
        if (!directories_.empty()) directories_.pop_back();
        name = ".";
      }
      // What stands before a slash is a directory.
      const bool directory = !last || !rest_.empty() || name == ".";
      const int how = last ? flags : O_PATH;
      UniqueFd fd(Uninterrupted([&] {
        return ::openat(
            Here(), name.c_str(),
            how | O_NOFOLLOW | O_CLOEXEC | (directory ? O_DIRECTORY : 0));
      }));
      const int code = errno;
      // A link before a slash is followed whatever the flags say.
      const bool itself = last && rest_.empty() && (flags & O_NOFOLLOW) != 0;
      if (!itself && MayBeLink(fd, code)) {
        const auto target = ReadLinkAt(Here(), name.c_str());
        if (target) {
          if (!Follow(*target)) return {};
          continue;
        }
        // What is no link, is EINVAL.
        if (target.error().code != EINVAL) return Fail(target.error().code);
      }
      if (last) {
        errno = code;
        return fd;
      }
      if (!fd.valid()) return Fail(code);
      if (directories_.size() == kMostDepth) return Fail(ENAMETOOLONG);
      if (name != ".") directories_.push_back(std::move(fd));
    }
  }

 private:
  static UniqueFd Fail(int code) {
    errno = code;
    return {};
  }

  int Here() const {
    return directories_.empty() ? root_ : directories_.back().get();
  }

  /// The next component, and "." at the end.
  std::string TakeName() {
    const size_t begin = rest_.find_first_not_of('/');
    if (begin == std::string::npos) {
      rest_.clear();
      return ".";
    }
    const size_t end = std::min(rest_.find('/', begin), rest_.size());
    std::string name = rest_.substr(begin, end - begin);
    rest_.erase(0, end);
    return name;
  }

  /// Whether a name that was opened, or was not, can be a link that has to be
  /// followed. open(2) refuses links with ELOOP, or with ENOTDIR where it is
  /// asked for a directory. With O_PATH alone it opens the link itself.
  static bool MayBeLink(const UniqueFd& opened, int code) {
    return opened.valid() || code == ELOOP || code == ENOTDIR;
  }

  bool Follow(const std::string& target) {
    const auto procfs = IsProcfs(Here());
    if (!procfs) {
      errno = procfs.error();
      return false;
    }
    if (++links_ > kMostLinks || *procfs) {
      errno = ELOOP;
      return false;
    }
    if (target.size() + rest_.size() > PATH_MAX) {
      errno = ENAMETOOLONG;
      return false;
    }
    rest_.insert(0, target);
    if (target.starts_with('/')) directories_.clear();
    return true;
  }

  const int root_;
  std::string rest_;
  /// From the root's child to where the walk is.
  std::vector<UniqueFd> directories_;
  int links_ = 0;
};

}  // namespace

UniqueFd OpenBelow(int root, std::string_view path, int flags) {
  return PathWalk(root, path).Open(flags);
}

}  // namespace leak_exporter
