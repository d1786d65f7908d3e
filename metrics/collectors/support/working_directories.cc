#include "metrics/collectors/support/working_directories.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "metrics/base/uninterrupted.h"
#include "metrics/collectors/support/target_roots.h"
#include "metrics/disk/identify.h"

namespace leak_exporter {
namespace {

constexpr int kPlaceFlags = O_PATH | O_DIRECTORY;
// Paths have at most PATH_MAX / 2 components.
constexpr size_t kMaxAncestors = 2048;

using Handle = DirectoryPlace::Handle;

tl::unexpected<Error> NotInTime(const procfs::ProcessHandle& process) {
  return Failure(ETIMEDOUT, process.Path("cwd") + ": not looked at in time");
}

Result<FileId> IdentifyWorkingDirectory(const procfs::ProcessHandle& process,
                                        const Deadline& deadline) {
  if (deadline.Expired()) return NotInTime(process);
  return process.OpenAt("cwd", kPlaceFlags).and_then([&](const UniqueFd& fd) {
    return Identify(fd, process.Path("cwd"));
  });
}

Result<UniqueFd> OpenParent(const UniqueFd& directory,
                            const procfs::ProcessHandle& process) {
  UniqueFd parent(Uninterrupted([&] {
    return ::openat(directory.get(), "..", kPlaceFlags | O_CLOEXEC);
  }));
  if (parent.valid()) return parent;
  const int code = errno;
  return Failure(code, process.Path("cwd") + "/..: " + std::strerror(code));
}

// Where the process works and all directories above, as far as they may be
// searched.
Result<std::vector<FileId>> IdentifyAncestors(
    const procfs::ProcessHandle& process, const Deadline& deadline) {
  std::vector<FileId> ids;
  auto directory = process.OpenAt("cwd", kPlaceFlags);
  while (directory && ids.size() < kMaxAncestors) {
    if (deadline.Expired()) return NotInTime(process);
    const auto id = Identify(*directory, process.Path("cwd"));
    if (!id) return tl::unexpected<Error>(id.error());
    // Above a root there is the root itself.
    if (!ids.empty() && ids.back() == *id) break;
    ids.push_back(*id);
    directory = OpenParent(*directory, process);
  }
  const bool searched =
      directory || IsPermission(directory.error()) || IsGone(directory.error());
  if (!searched || ids.empty()) {
    return tl::unexpected<Error>(directory.error());
  }
  return ids;
}

// Where the process works by the kernel's own account, for which it asks no
// file server. Empty where that does not fit into a page.
std::string WorkingLink(const procfs::ProcessHandle& process) {
  return process.ReadLink("cwd").value_or("");
}

// Looks at directories that the kernel shows by one text. These may be
// different ones, under different roots, but they hang together, if at all.
template <typename T, typename Work>
Result<std::shared_ptr<const T>> AwaitWorkingLook(const std::string& link,
                                                  std::string name, Work work,
                                                  const Looking& looking) {
  return AwaitLook<T>(
      looking.looks, {.kind = LookKey::Kind::kWorkingDirectory, .path = link},
      std::move(name), std::nullopt, std::move(work), looking.deadline);
}

// What nobody made for a child.
struct LeftOut {
  std::set<FileId> ids;
  // The links of main processes above which the ids are not known.
  std::vector<std::string> links;
  // Whether there is nothing else to leave out.
  bool known = true;

  // Whether one of the links is this one or leads below it.
  bool Has(const std::string& link) const {
    return std::ranges::any_of(links, [&](const std::string& main) {
      return main == link || main.starts_with(link + "/");
    });
  }
};

LeftOut FindLeftOut(const std::vector<ProcessSample>& main,
                    const Looking& looking, ErrorTally& errors) {
  LeftOut left_out;
  for (const ProcessSample& process : main) {
    std::string link = WorkingLink(*process.handle);
    const auto ids = AwaitWorkingLook<Result<std::vector<FileId>>>(
        link, process.handle->Path("cwd"),
        [handle = process.handle](const Deadline& deadline) {
          return IdentifyAncestors(*handle, deadline);
        },
        looking);
    if (ids && **ids) {
      left_out.ids.insert((**ids)->begin(), (**ids)->end());
      continue;
    }
    const Error& error = ids ? (*ids)->error() : ids.error();
    errors.Add(error);
    if (IsGone(error)) continue;
    left_out.known = left_out.known && !link.empty();
    left_out.links.push_back(std::move(link));
  }
  return left_out;
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

struct WorkingDirectory {
  std::string link;
  Result<FileId> id = Failure(0, "");
};

std::vector<WorkingDirectory> IdentifyEach(
    const std::vector<const ProcessSample*>& processes,
    const Looking& looking) {
  std::vector<WorkingDirectory> found;
  std::map<std::string, std::vector<size_t>> by_link;
  for (const ProcessSample* process : processes) {
    found.push_back({WorkingLink(*process->handle)});
    by_link[found.back().link].push_back(found.size() - 1);
  }
  for (const auto& [link, indices] : by_link) {
    std::vector<Handle> handles;
    for (const size_t i : indices) handles.push_back(processes[i]->handle);
    std::string name = handles.front()->Path("cwd");
    const auto ids = AwaitWorkingLook<std::vector<Result<FileId>>>(
        link, std::move(name),
        [handles = std::move(handles)](const Deadline& deadline) {
          std::vector<Result<FileId>> each;
          for (const Handle& process : handles) {
            each.push_back(IdentifyWorkingDirectory(*process, deadline));
          }
          return each;
        },
        looking);
    for (size_t i = 0; i < indices.size(); ++i) {
      found[indices[i]].id =
          ids ? (**ids)[i] : Result<FileId>(tl::unexpected<Error>(ids.error()));
    }
  }
  return found;
}

Handle MainOf(const ProcessTree& tree, const ProcessSample& process) {
  const auto main =
      std::ranges::find(tree.main, process.main_pid, &ProcessSample::pid);
  return main == tree.main.end() ? process.handle : main->handle;
}

Result<std::string> PathOf(const procfs::ProcessHandle& process) {
  auto path = ReadSeenPath(process, "cwd");
  // The kernel has no path for one deeper than PATH_MAX; this leads there too.
  if (!path && path.error().code == ENAMETOOLONG) return process.Path("cwd");
  return path;
}

}  // namespace

WorkingDirectories FindWorkingDirectories(const ProcessTree& tree,
                                          const Looking& looking,
                                          ErrorTally& errors) {
  ErrorTally failures;
  LeftOut left_out = FindLeftOut(tree.main, looking, failures);
  const auto processes = OldestFirst(tree.descendants);
  std::vector<WorkingDirectory> each = IdentifyEach(processes, looking);
  WorkingDirectories found;
  std::map<FileId, size_t> known;
  size_t seen = 0;
  size_t failed = 0;
  const auto fail = [&](const Error& error) {
    failures.Add(error);
    if (!IsGone(error)) ++failed;
  };
  for (size_t i = 0; i < processes.size(); ++i) {
    const ProcessSample& process = *processes[i];
    const auto& [link, id] = each[i];
    if (!id) {
      fail(id.error());
      continue;
    }
    ++seen;
    if (left_out.ids.contains(*id) || left_out.Has(link)) continue;
    if (const auto place = known.find(*id); place != known.end()) {
      found.places[place->second].users.push_back(process.handle);
      continue;
    }
    auto path = PathOf(*process.handle);
    if (!path) {
      --seen;
      fail(path.error());
      continue;
    }
    if (*path == "/") {
      left_out.ids.insert(*id);
      continue;
    }
    known.emplace(*id, found.places.size());
    found.places.push_back(
        {*id, *std::move(path), {process.handle}, MainOf(tree, process), link});
  }
  found.known =
      (seen > 0 || failed == 0) && left_out.known && !failures.exhausted();
  if (!left_out.known) found.places.clear();
  errors.Add(failures);
  return found;
}

}  // namespace leak_exporter
