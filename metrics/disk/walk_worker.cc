#include "metrics/disk/walk_worker.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "metrics/base/open_untouched.h"
#include "metrics/base/uninterrupted.h"
#include "metrics/disk/kernel_filesystem.h"

namespace leak_exporter {
namespace {

constexpr int kOpenFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK;
constexpr unsigned kStatusMask =
    STATX_TYPE | STATX_NLINK | STATX_INO | STATX_SIZE | STATX_BLOCKS;
// A thread costs more than walking a small tree alone.
constexpr size_t kDirectoriesWorthHelp = 64;
// So often a worker tells how far it is, and looks at the time. On a slow file
// server this many entries take seconds.
constexpr uint64_t kEntriesPerProgress = 64;
// Bounds what a level adds to the pending names once there are many.
constexpr size_t kCrowdedBatchBytes = 4096;

bool Status(int directory_fd, const char* name, int flags, unsigned mask,
            struct statx& status) {
  return Uninterrupted([&] {
           return ::statx(directory_fd, name, flags | AT_NO_AUTOMOUNT, mask,
                          &status);
         }) == 0;
}

int64_t Seek(int fd, int64_t offset, int whence) {
  return Uninterrupted([&] { return ::lseek(fd, offset, whence); });
}

// What stat(2) answers for a link that leads nowhere, rather than for one that
// could not be followed.
bool IsBrokenLink(int code) {
  return code == ENOENT || code == ENOTDIR || code == ELOOP ||
         code == ENAMETOOLONG;
}

std::string PopLastName(std::string& names) {
  const size_t last = names.size() - 1;
  const size_t before =
      last == 0 ? std::string::npos : names.rfind('\0', last - 1);
  const size_t start = before == std::string::npos ? 0 : before + 1;
  std::string name = names.substr(start, last - start);
  names.resize(start);
  return name;
}

// Where to cut a list of names so that about half of its bytes, and at least
// one name, come before.
size_t HalfOf(const std::string& names) {
  const size_t before = names.rfind('\0', names.size() / 2);
  return (before == std::string::npos ? names.find('\0') : before) + 1;
}

}  // namespace

void WalkWorker::Run() {
  while (auto directory = state_.Take()) Walk(*std::move(directory));
}

void WalkWorker::Walk(WalkedDirectory directory) {
  pending_bytes_ = directory.pending.size();
  first_open_ = 1;
  stack_.push_back(std::move(directory));
  while (!stack_.empty() && !state_.stopped()) {
    if (!stack_.back().pending.empty()) {
      if (state_.SomeoneIsIdle()) Share();
      Enter();
    } else if (stack_.back().read_whole) {
      Leave();
    } else {
      Read();
    }
  }
  stack_.clear();
}

void WalkWorker::Read() {
  WalkedDirectory& directory = stack_.back();
  while (!state_.stopped()) {
    const bool crowded = pending_bytes_ > state_.options().max_pending_bytes;
    if (crowded && !directory.pending.empty()) return;
    const auto more = reader_.Fill(
        directory.fd.get(),
        crowded ? kCrowdedBatchBytes : DirectoryReader::kBufferBytes);
    if (!more) return Fail(more.error(), Path(stack_.size()));
    if (!*more) {
      directory.read_whole = true;
      return;
    }
    uint64_t told = usage_.entries;
    while (const char* name = reader_.Next()) {
      Count(name);
      if (state_.stopped()) return;
      if (usage_.entries - told < kEntriesPerProgress) continue;
      state_.Progress(stack_.front().name, usage_.entries - told);
      told = usage_.entries;
    }
    state_.Progress(stack_.front().name, usage_.entries - told);
  }
}

void WalkWorker::Count(const char* name) {
  WalkedDirectory& directory = stack_.back();
  struct statx status;
  if (!Status(directory.fd.get(), name, AT_SYMLINK_NOFOLLOW, kStatusMask,
              status)) {
    if (errno != ENOENT) Fail(errno, PathOf(name));
    return;
  }
  if (IsLeftOut(status)) return;
  ++usage_.entries;
  const uint64_t size = S_ISLNK(status.stx_mode)
                            ? SizeOfLinkTarget(name, status.stx_size)
                            : status.stx_size;
  if (__builtin_add_overflow(usage_.apparent_bytes, size,
                             &usage_.apparent_bytes)) {
    return Fail(EOVERFLOW, PathOf(name));
  }
  CountAllocated(status);
  if (S_ISDIR(status.stx_mode)) {
    const std::string_view text(name);
    directory.pending.append(text).push_back('\0');
    pending_bytes_ += text.size() + 1;
  }
}

uint64_t WalkWorker::SizeOfLinkTarget(const char* name, uint64_t own_size) {
  struct statx status;
  if (state_.root().own()) {
    if (Status(stack_.back().fd.get(), name, 0, STATX_SIZE, status)) {
      return status.stx_size;
    }
    if (!IsBrokenLink(errno)) Fail(errno, PathOf(name));
    return own_size;
  }
  const auto target = state_.root().Open(PathOf(name), O_PATH);
  if (!target) {
    if (!IsBrokenLink(target.error().code)) {
      Fail(target.error().code, PathOf(name));
    }
    return own_size;
  }
  if (!Status(target->get(), "", AT_EMPTY_PATH, STATX_SIZE, status)) {
    Fail(errno, PathOf(name));
    return own_size;
  }
  return status.stx_size;
}

bool WalkWorker::IsLeftOut(const struct statx& status) const {
  if ((status.stx_attributes & STATX_ATTR_AUTOMOUNT) != 0) return true;
  if (!state_.options().one_filesystem) return false;
  if (FileId::Of(status).device == state_.device()) return false;
  // overlayfs gives files the device of the layer they come from: only a mount
  // point proves that such a one is elsewhere.
  return S_ISDIR(status.stx_mode) ||
         (status.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) == 0 ||
         (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

void WalkWorker::CountAllocated(const struct statx& status) {
  if (!usage_.allocated_bytes) return;
  if (status.stx_nlink > 1 && !S_ISDIR(status.stx_mode)) {
    const std::optional<bool> first = state_.IsFirstLink(FileId::Of(status));
    if (!first) usage_.allocated_bytes.reset();
    if (!first.value_or(false)) return;
  }
  *usage_.allocated_bytes += status.stx_blocks * 512;
}

void WalkWorker::Enter() {
  WalkedDirectory& parent = stack_.back();
  WalkedDirectory child;
  child.name = PopLastName(parent.pending);
  pending_bytes_ -= child.name.size() + 1;
  child.fd = Open(parent.fd.get(), child.name.c_str());
  if (!child.fd.valid()) {
    // Gone, or something else has its name by now.
    if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) return;
    return Fail(errno, PathOf(child.name.c_str()));
  }
  if (!MayEnter(child.fd.get(), child.name)) return;
  child.depth = parent.depth + 1;
  if (child.depth > state_.options().max_depth) {
    return state_.Stop(0, Path(stack_.size()),
                       "nested too deep, measured no further");
  }
  stack_.push_back(std::move(child));
  if (stack_.size() - first_open_ >= state_.options().max_open_directories) {
    SetAside(stack_[first_open_]);
  }
  if (++entered_ == kDirectoriesWorthHelp && want_help_) want_help_();
}

UniqueFd WalkWorker::Open(int directory_fd, const char* name) {
  UntouchedFile opened = OpenUntouched(directory_fd, name, kOpenFlags);
  if (opened.may_touch) usage_.touched = true;
  return std::move(opened.fd);
}

bool WalkWorker::MayEnter(int fd, const std::string& name) {
  if (state_.options().one_filesystem) return true;
  const auto kernels_own = IsKernelFilesystem(fd);
  if (!kernels_own) Fail(kernels_own.error(), PathOf(name.c_str()));
  return kernels_own && !*kernels_own;
}

void WalkWorker::Leave() {
  const WalkedDirectory left = std::move(stack_.back());
  stack_.pop_back();
  if (!stack_.empty() && !stack_.back().fd.valid()) Reopen(left.fd.get());
}

void WalkWorker::SetAside(WalkedDirectory& directory) {
  struct statx status;
  const int64_t position = Seek(directory.fd.get(), 0, SEEK_CUR);
  if (position < 0 ||
      !Status(directory.fd.get(), "", AT_EMPTY_PATH, STATX_INO, status)) {
    return Fail(errno, Path(first_open_ + 1));
  }
  directory.position = position;
  directory.id = FileId::Of(status);
  directory.fd.Reset();
  ++first_open_;
}

void WalkWorker::Reopen(int child_fd) {
  WalkedDirectory& directory = stack_.back();
  directory.fd = Open(child_fd, "..");
  struct statx status;
  if (!directory.fd.valid() ||
      !Status(directory.fd.get(), "", AT_EMPTY_PATH, STATX_INO, status) ||
      Seek(directory.fd.get(), directory.position, SEEK_SET) < 0) {
    return Fail(errno, Path(stack_.size()));
  }
  if (FileId::Of(status) != directory.id) {
    return state_.Stop(EAGAIN, Path(stack_.size()),
                       "moved while it was measured");
  }
  first_open_ = stack_.size() - 1;
}

void WalkWorker::Share() {
  for (size_t i = 0; i < stack_.size(); ++i) {
    WalkedDirectory& directory = stack_[i];
    if (!directory.fd.valid() || directory.pending.empty()) continue;
    const size_t half = HalfOf(directory.pending);
    // The last name of all is this worker's own next step.
    if (i + 1 == stack_.size() && half == directory.pending.size()) return;
    WalkedDirectory given;
    given.fd.Reset(::fcntl(directory.fd.get(), F_DUPFD_CLOEXEC, 0));
    if (!given.fd.valid()) return;
    given.name = Path(i + 1);
    given.pending = directory.pending.substr(0, half);
    given.read_whole = true;
    given.depth = directory.depth;
    directory.pending.erase(0, half);
    pending_bytes_ -= half;
    return state_.Offer(std::move(given));
  }
}

std::string WalkWorker::Path(size_t depth) const {
  std::string path = stack_.front().name;
  for (size_t i = 1; i < depth; ++i) {
    if (!path.ends_with('/')) path += '/';
    path += stack_[i].name;
  }
  return path;
}

std::string WalkWorker::PathOf(const char* name) const {
  std::string path = Path(stack_.size());
  if (!path.ends_with('/')) path += '/';
  return path += name;
}

void WalkWorker::Fail(int code, const std::string& path) {
  state_.Stop(code, path, std::strerror(code));
}

}  // namespace leak_exporter
