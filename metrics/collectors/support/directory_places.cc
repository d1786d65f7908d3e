#include "metrics/collectors/support/directory_places.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "metrics/disk/glob.h"
#include "metrics/disk/kernel_filesystem.h"

namespace leak_exporter {
namespace {

constexpr int kPlaceFlags = O_PATH | O_DIRECTORY;
constexpr size_t kMaxGlobMatches = 10'000;
// Paths have at most PATH_MAX / 2 components.
constexpr size_t kMaxAncestors = 2048;

Result<FileId> Identify(const UniqueFd& directory, const std::string& path) {
  struct statx status;
  if (::statx(directory.get(), "", AT_EMPTY_PATH, STATX_INO, &status) == 0) {
    return FileId::Of(status);
  }
  const int code = errno;
  return Failure(code, path + ": " + std::strerror(code));
}

// Where the process works and all directories above, as far as they may be
// searched.
void AddWithAncestors(const procfs::ProcessHandle& process,
                      std::set<FileId>& ids) {
  auto directory = process.OpenAt("cwd", kPlaceFlags);
  for (size_t i = 0; directory && directory->valid() && i < kMaxAncestors;
       ++i) {
    const auto id = Identify(*directory, "");
    if (!id || !ids.insert(*id).second) return;
    directory->Reset(::openat(directory->get(), "..", kPlaceFlags | O_CLOEXEC));
  }
}

std::vector<const ProcessSample*> OldestFirst(
    const std::vector<ProcessSample>& processes) {
  std::vector<const ProcessSample*> sorted;
  for (const ProcessSample& process : processes) {
    if (!process.zombie()) sorted.push_back(&process);
  }
  std::ranges::sort(sorted, {}, [](const ProcessSample* process) {
    return std::tuple(process->start_since_boot, process->pid());
  });
  return sorted;
}

DirectoryPlace::Handle MainOf(const ProcessTree& tree,
                              const ProcessSample& process) {
  const auto main =
      std::ranges::find(tree.main, process.main_pid, &ProcessSample::pid);
  return main == tree.main.end() ? process.handle : main->handle;
}

// The kernel has no path for one deeper than PATH_MAX; this leads there too.
std::string PathOf(const procfs::ProcessHandle& process) {
  return ReadSeenPath(process, "cwd").value_or(process.Path("cwd"));
}

}  // namespace

Result<DirectoryPlace> FindByPath(const TargetRoots& roots,
                                  const DirectoryPlace::Handle& main,
                                  const std::string& path) {
  const auto root = roots.Find(*main);
  if (!root) return tl::unexpected<Error>(root.error());
  const auto directory = (*root)->Open(path, kPlaceFlags);
  if (!directory) return tl::unexpected<Error>(directory.error());
  const auto id = Identify(*directory, path);
  if (!id) return tl::unexpected<Error>(id.error());
  return DirectoryPlace{*id, path, {}, main};
}

WorkingDirectories FindWorkingDirectories(const ProcessTree& tree,
                                          ErrorTally& errors) {
  std::set<FileId> left_out;
  for (const ProcessSample& main : tree.main) {
    AddWithAncestors(*main.handle, left_out);
  }
  WorkingDirectories found;
  std::map<FileId, size_t> known;
  size_t seen = 0;
  size_t failed = 0;
  for (const ProcessSample* process : OldestFirst(tree.descendants)) {
    const auto directory = process->handle->OpenAt("cwd", kPlaceFlags);
    const auto id = directory.and_then([&](const UniqueFd& fd) {
      return Identify(fd, process->handle->Path("cwd"));
    });
    if (!id) {
      errors.Add(id.error());
      if (!IsGone(id.error())) ++failed;
      continue;
    }
    ++seen;
    if (left_out.contains(*id)) continue;
    if (const auto place = known.find(*id); place != known.end()) {
      found.places[place->second].users.push_back(process->handle);
      continue;
    }
    std::string path = PathOf(*process->handle);
    if (path == "/" || IsKernelFilesystem(directory->get())) {
      left_out.insert(*id);
      continue;
    }
    known.emplace(*id, found.places.size());
    found.places.push_back(
        {*id, std::move(path), {process->handle}, MainOf(tree, *process)});
  }
  found.known = seen > 0 || failed == 0;
  return found;
}

std::vector<DirectoryPlace> FindByGlob(const TargetRoots& roots,
                                       const DirectoryPlace::Handle& main,
                                       const std::string& pattern,
                                       const Deadline& deadline,
                                       ErrorTally& errors) {
  const auto root = roots.Find(*main);
  if (!root) {
    errors.Add(root.error());
    return {};
  }
  std::vector<DirectoryPlace> places;
  for (GlobMatch& match :
       MatchDirectories(**root, pattern, kMaxGlobMatches, deadline, errors)) {
    places.push_back({match.id, std::move(match.path), {}, main});
  }
  return places;
}

Result<OpenedPlace> OpenPlace(const TargetRoots& roots,
                              const DirectoryPlace& place) {
  for (const DirectoryPlace::Handle& user : place.users) {
    auto directory = user->OpenAt("cwd", kPlaceFlags);
    if (!directory || Identify(*directory, "") != place.id) continue;
    auto root = roots.Find(*user);
    if (!root) return tl::unexpected<Error>(root.error());
    return OpenedPlace{*std::move(directory), *std::move(root), user->pid()};
  }
  if (!place.users.empty()) {
    return Failure(ENOENT, place.path + ": not in use any more");
  }
  auto root = roots.Find(*place.main);
  if (!root) return tl::unexpected<Error>(root.error());
  auto directory = (*root)->Open(place.path, kPlaceFlags);
  if (!directory) return tl::unexpected<Error>(directory.error());
  if (Identify(*directory, place.path) != place.id) {
    return Failure(ENOENT, place.path + ": another directory by now");
  }
  return OpenedPlace{*std::move(directory), *std::move(root), 0};
}

}  // namespace leak_exporter
