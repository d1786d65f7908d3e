#include "metrics/collectors/support/working_directories.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <map>
#include <memory>
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
// How many directories are told apart, and how long their names may be in all.
constexpr size_t kMostDirectories = 8192;
constexpr size_t kMostNameBytes = size_t{1} << 20;

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

// The processes of a tree by where the kernel says that they work.
using ByLink = std::map<std::string, std::vector<size_t>>;

// Absent where there are too many directories, or their names are too long.
std::optional<ByLink> GroupByLink(
    const std::vector<const ProcessSample*>& processes) {
  ByLink by_link;
  size_t bytes = 0;
  for (size_t i = 0; i < processes.size(); ++i) {
    const auto [group, is_new] =
        by_link.try_emplace(WorkingLink(*processes[i]->handle));
    group->second.push_back(i);
    if (!is_new) continue;
    bytes += group->first.size();
    if (by_link.size() > kMostDirectories || bytes > kMostNameBytes) {
      return std::nullopt;
    }
  }
  return by_link;
}

// Where each of some processes works.
struct Identified {
  // Absent where it could not be told.
  std::vector<std::optional<FileId>> ids;
  // How many could not be looked at although they are there.
  size_t failed = 0;
  ErrorTally errors;
};

Identified IdentifyAll(const std::vector<Handle>& handles,
                       const Deadline& deadline) {
  Identified identified;
  identified.ids.reserve(handles.size());
  for (const Handle& process : handles) {
    const auto id = IdentifyWorkingDirectory(*process, deadline);
    identified.ids.push_back(id ? std::optional(*id) : std::nullopt);
    if (id) continue;
    identified.errors.Add(id.error());
    if (!IsGone(id.error())) ++identified.failed;
  }
  return identified;
}

// The same for all processes, those with the same link in one look.
Identified IdentifyEach(const std::vector<const ProcessSample*>& processes,
                        const ByLink& by_link, const Looking& looking) {
  Identified all;
  all.ids.resize(processes.size());
  for (const auto& [link, indices] : by_link) {
    const auto handles = std::make_shared<std::vector<Handle>>();
    for (const size_t i : indices) handles->push_back(processes[i]->handle);
    const auto some = AwaitWorkingLook<Identified>(
        link, handles->front()->Path("cwd"),
        [handles](const Deadline& deadline) {
          return IdentifyAll(*handles, deadline);
        },
        looking);
    if (!some) {
      for (size_t i = 0; i < indices.size(); ++i) all.errors.Add(some.error());
      all.failed += indices.size();
      continue;
    }
    all.errors.Add((*some)->errors);
    all.failed += (*some)->failed;
    for (size_t i = 0; i < indices.size(); ++i) {
      all.ids[indices[i]] = (*some)->ids[i];
    }
  }
  return all;
}

std::vector<const std::string*> LinksOf(size_t processes,
                                        const ByLink& by_link) {
  std::vector<const std::string*> links(processes);
  for (const auto& [link, indices] : by_link) {
    for (const size_t i : indices) links[i] = &link;
  }
  return links;
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
  WorkingDirectories found;
  const auto processes = OldestFirst(tree.descendants);
  const auto by_link = GroupByLink(processes);
  if (!tree.whole || !by_link) {
    errors.Add(ErrorCause::kLimit,
               "there are too many working directories of children");
    found.known = false;
    return found;
  }
  ErrorTally failures;
  LeftOut left_out = FindLeftOut(tree.main, looking, failures);
  const Identified identified = IdentifyEach(processes, *by_link, looking);
  failures.Add(identified.errors);
  const auto links = LinksOf(processes.size(), *by_link);
  std::map<FileId, size_t> known;
  size_t seen = 0;
  size_t failed = identified.failed;
  for (size_t i = 0; i < processes.size(); ++i) {
    const ProcessSample& process = *processes[i];
    const auto& id = identified.ids[i];
    if (!id) continue;
    ++seen;
    if (left_out.ids.contains(*id) || left_out.Has(*links[i])) continue;
    if (const auto place = known.find(*id); place != known.end()) {
      found.places[place->second].users.push_back(process.handle);
      continue;
    }
    auto path = PathOf(*process.handle);
    if (!path) {
      --seen;
      failures.Add(path.error());
      if (!IsGone(path.error())) ++failed;
      continue;
    }
    if (*path == "/") {
      left_out.ids.insert(*id);
      continue;
    }
    known.emplace(*id, found.places.size());
    found.places.push_back({*id,
                            *std::move(path),
                            {process.handle},
                            MainOf(tree, process),
                            *links[i]});
  }
  found.known =
      (seen > 0 || failed == 0) && left_out.known && !failures.exhausted();
  if (!left_out.known) found.places.clear();
  errors.Add(failures);
  return found;
}

}  // namespace leak_exporter
