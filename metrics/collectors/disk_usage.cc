#include "metrics/collectors/disk_usage.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "metrics/base/accumulate.h"
#include "metrics/collectors/support/working_directories.h"

namespace leak_exporter {
namespace {

using Places = std::vector<DirectoryPlace>;

// How many rows there may be of caches, which are as many as main processes and
// paths together make, and of temporary directories.
constexpr size_t kMostCaches = 8192;
constexpr size_t kMostTemporary = 8192;

constexpr std::string_view kMayTouch =
    "measuring may renew the access times of directories, because O_NOATIME "
    "needs their owner's uid or CAP_FOWNER";

struct FoundCache {
  RepositoryCache cache;
  std::optional<DirectoryPlace> place;
};

void AddError(const Error& error, ErrorTally& errors) {
  // What is no failed system call is one of the walk's limits.
  if (error.code == 0) {
    errors.Add(ErrorCause::kLimit, error.message);
  } else {
    errors.Add(error);
  }
}

std::vector<FoundCache> FindCaches(const CollectorContext& context,
                                   const TargetRoots& roots,
                                   const Looking& looking, ErrorTally& errors) {
  std::vector<FoundCache> found;
  for (const ProcessSample& main : context.tree.main) {
    for (const std::string& path : context.target.repository_caches) {
      if (found.size() == kMostCaches) {
        errors.Add(ErrorCause::kLimit,
                   path + ": there are more than " +
                       std::to_string(kMostCaches) +
                       " caches, each main process having its own");
        return found;
      }
      FoundCache one;
      one.cache.path = path;
      one.cache.main_pid = main.pid();
      auto place = FindByPath(roots, main.handle, path, looking);
      if (place) {
        one.cache.exists = true;
        one.cache.device = place->id.device;
        one.cache.inode = place->id.inode;
        one.place = *std::move(place);
      } else if (!IsGone(place.error())) {
        one.cache.error = place.error().message;
        AddError(place.error(), errors);
      }
      found.push_back(std::move(one));
    }
  }
  return found;
}

// Those that the globs match besides the ones in use.
void AddGlobbed(const CollectorContext& context, const TargetRoots& roots,
                const Looking& looking, Places& places, ErrorTally& errors) {
  std::set<FileId> known;
  for (const DirectoryPlace& place : places) known.insert(place.id);
  for (const ProcessSample& main : context.tree.main) {
    for (const std::string& pattern :
         context.target.temporary_directories.paths) {
      for (DirectoryPlace& place :
           FindByGlob(roots, main.handle, pattern, looking, errors)) {
        if (places.size() == kMostTemporary) {
          errors.Add(ErrorCause::kLimit, pattern + ": there are more than " +
                                             std::to_string(kMostTemporary) +
                                             " temporary directories");
          return;
        }
        if (known.insert(place.id).second) places.push_back(std::move(place));
      }
    }
  }
}

/// What a user without privileges may still write (statvfs(3), f_bavail).
std::optional<uint64_t> AvailableBytes(int fd) {
  struct statvfs filesystem {};
  if (::fstatvfs(fd, &filesystem) != 0) return std::nullopt;
  return uint64_t{filesystem.f_bavail} * filesystem.f_frsize;
}

Deadline ShareOf(const Deadline& deadline, const Clock& clock, size_t sharers) {
  if (deadline.at() == std::chrono::steady_clock::time_point::max()) {
    return deadline;
  }
  const auto now = clock.Now();
  return Deadline(
      clock, now + (deadline.at() - now) / static_cast<std::int64_t>(sharers));
}

void SetUsage(const Result<DirectoryUsage>& usage, RepositoryCache& cache) {
  if (usage) {
    cache.usage = *usage;
  } else if (IsGone(usage.error())) {
    cache.exists = false;
  } else {
    cache.error = usage.error().message;
  }
}

// `pid` is the child through which it was opened. That was not one of these
// where it was opened by its path, as for a cache that a child works in, or for
// another target.
pid_t UserOf(const DirectoryPlace& place, pid_t pid) {
  if (place.users.empty()) return 0;
  const bool is_user = std::ranges::any_of(
      place.users, [pid](const auto& user) { return user->pid() == pid; });
  return is_user ? pid : place.users.front()->pid();
}

TemporaryDirectory Describe(const DirectoryPlace& place,
                            const Result<DirectoryUsage>& usage, pid_t pid) {
  TemporaryDirectory directory;
  directory.pid = UserOf(place, pid);
  directory.main_pid = place.main->pid();
  directory.path = place.path;
  if (usage) {
    directory.usage = *usage;
  } else {
    directory.error = usage.error().message;
  }
  return directory;
}

void SortLargestFirst(std::vector<TemporaryDirectory>& directories) {
  std::ranges::sort(directories, {}, [](const TemporaryDirectory& directory) {
    const uint64_t bytes =
        directory.usage ? directory.usage->apparent_bytes : 0;
    return std::tuple(!directory.usage, ~bytes,
                      std::string_view(directory.path), directory.pid);
  });
}

// A child that works on one of the kernel's own filesystems, such as /proc, was
// given no directory there.
bool IsNobodys(const DirectoryPlace& place,
               const Result<DirectoryUsage>& usage) {
  return !usage && !place.users.empty() && usage.error().code == EOPNOTSUPP;
}

// Under which circumstances a directory has the same usage for everybody.
std::string QuestionOf(const WayToPlace& way, const MeasureOptions& options) {
  const RootId& root = way.root_id();
  std::string question = options.one_filesystem ? "one" : "all";
  for (const uint64_t number :
       {root.mount, root.directory.device, root.directory.inode}) {
    question += ' ' + std::to_string(number);
  }
  // Who else asks must get there, too.
  for (const auto& user : way.users) {
    question += ' ' + std::to_string(user.process->pid());
  }
  return question;
}

}  // namespace

DiskUsageCollector::DiskUsageCollector(const config::DiskUsageConfig& config,
                                       std::shared_ptr<DirectoryLooks> looks,
                                       unsigned walk_threads)
    : min_interval_(config.min_interval), looks_(std::move(looks)) {
  options_.one_filesystem = config.one_filesystem;
  options_.threads = walk_threads;
}

bool DiskUsageCollector::Collect(const CollectorContext& context,
                                 TargetSnapshot& snapshot, ErrorTally& errors) {
  TargetRoots roots(context.proc_fs, context.deadline);
  for (const ProcessSample& main : context.tree.main) {
    roots.Keep(*main.handle);
  }
  const Looking looking{*looks_, context.deadline};
  const auto& configured = context.target.temporary_directories;
  std::vector<FoundCache> caches = FindCaches(context, roots, looking, errors);
  WorkingDirectories temporary;
  temporary.known = false;
  if (configured.children_working_directories) {
    temporary = FindWorkingDirectories(context.tree, looking, errors);
  }
  AddGlobbed(context, roots, looking, temporary.places, errors);

  std::vector<const DirectoryPlace*> places;
  for (const FoundCache& one : caches) {
    if (one.place) places.push_back(&*one.place);
  }
  for (const DirectoryPlace& place : temporary.places) places.push_back(&place);
  const MeasuredById measured =
      MeasureAll(std::move(places), roots, context, errors);

  auto disk = std::make_shared<DiskUsageSnapshot>();
  disk->working_directories_known = temporary.known;
  for (FoundCache& one : caches) {
    if (one.place) {
      const Measured& measurement = measured.at(one.place->id);
      SetUsage(measurement.usage, one.cache);
      one.cache.filesystem_available_bytes = measurement.available_bytes;
    }
    disk->repository_caches.push_back(std::move(one.cache));
  }
  for (const DirectoryPlace& place : temporary.places) {
    const Measured& one = measured.at(place.id);
    if (!one.usage && IsGone(one.usage.error())) continue;
    if (IsNobodys(place, one.usage)) continue;
    disk->temporary_directories.push_back(Describe(place, one.usage, one.pid));
    KeepLeast(one.available_bytes, disk->temporary_filesystem_available_bytes);
  }
  SortLargestFirst(disk->temporary_directories);
  snapshot.disk_usage = std::move(disk);
  return true;
}

DiskUsageCollector::MeasuredById DiskUsageCollector::MeasureAll(
    std::vector<const DirectoryPlace*> places, const TargetRoots& roots,
    const CollectorContext& context, ErrorTally& errors) {
  std::ranges::stable_sort(places, {}, [this](const DirectoryPlace* place) {
    const auto cost = last_cost_.find(place->id);
    return cost == last_cost_.end() ? 0 : cost->second;
  });
  last_cost_.clear();
  MeasuredById measured;
  for (size_t i = 0; i < places.size(); ++i) {
    const DirectoryPlace& place = *places[i];
    if (measured.contains(place.id)) continue;
    Measured one =
        MeasureOne(place, roots,
                   ShareOf(context.deadline, context.clock, places.size() - i));
    if (!one.usage && !IsNobodys(place, one.usage)) {
      AddError(one.usage.error(), errors);
    }
    if (one.usage && one.usage->touched) errors.Note(kMayTouch);
    last_cost_[place.id] =
        one.usage ? one.usage->entries : std::numeric_limits<uint64_t>::max();
    measured.emplace(place.id, std::move(one));
  }
  return measured;
}

DiskUsageCollector::Measured DiskUsageCollector::MeasureOne(
    const DirectoryPlace& place, const TargetRoots& roots,
    const Deadline& deadline) const {
  const auto failed = [](const Error& error) {
    return Measured{tl::unexpected<Error>(error), std::nullopt, 0};
  };
  const auto way = FindWay(roots, place);
  if (!way) return failed(way.error());
  const auto measured = AwaitLook<Measured>(
      *looks_, {.kind = LookKey::Kind::kUsage, .id = place.id}, place.path,
      QuestionOf(*way, options_),
      [way = *way, options = options_](const Deadline& until) {
        return Measure(way, options, until);
      },
      deadline);
  return measured ? **measured : failed(measured.error());
}

/// Hangs where the directory does.
DiskUsageCollector::Measured DiskUsageCollector::Measure(
    const WayToPlace& way, const MeasureOptions& options,
    const Deadline& deadline) {
  Measured measured{Failure(0, ""), std::nullopt, 0};
  const auto opened = OpenPlace(way);
  if (!opened) {
    measured.usage = tl::unexpected<Error>(opened.error());
    return measured;
  }
  measured.pid = opened->pid;
  measured.available_bytes = AvailableBytes(opened->fd.get());
  measured.usage = MeasureDirectory({opened->fd.get(), way.path, *opened->root},
                                    options, deadline);
  return measured;
}

}  // namespace leak_exporter
