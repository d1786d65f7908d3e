#include "metrics/collectors/support/directory_places.h"

#include <fcntl.h>

#include <cerrno>
#include <cstddef>
#include <optional>
#include <utility>

#include "metrics/disk/glob.h"
#include "metrics/disk/identify.h"

namespace leak_exporter {
namespace {

constexpr int kPlaceFlags = O_PATH | O_DIRECTORY;
constexpr size_t kMostUsersOfWay = 4;
// Of looks by whose answer everybody is served who has the same key.
constexpr const char* kSameForAll = "";

Result<FileId> IdentifyBelow(const FileRoot& root, const std::string& path) {
  const auto directory = root.Open(path, kPlaceFlags);
  if (!directory) return tl::unexpected<Error>(directory.error());
  return Identify(*directory, path);
}

struct Matching {
  std::vector<GlobMatch> matches;
  ErrorTally errors;
};

Matching Match(const FileRoot& root, const std::string& pattern,
               const Deadline& deadline) {
  Matching matching;
  matching.matches =
      MatchDirectories(root, pattern, {}, deadline, matching.errors);
  return matching;
}

// Adds users that are wanted, the oldest first, as far as they are visible.
template <typename Wanted>
Result<void> AddUsers(const TargetRoots& roots, const DirectoryPlace& place,
                      const Wanted& is_wanted, WayToPlace& way) {
  for (const DirectoryPlace::Handle& user : place.users) {
    if (way.users.size() == kMostUsersOfWay) break;
    if (!is_wanted(*user)) continue;
    auto root = roots.Find(*user);
    if (root) {
      way.users.push_back({user, *std::move(root)});
    } else if (!IsGone(root.error())) {
      return tl::unexpected<Error>(root.error());
    }
  }
  return {};
}

// ENOENT where it is another directory by now.
Result<UniqueFd> OpenIfSame(const WayToPlace& way, Result<UniqueFd> opened) {
  if (!opened) return opened;
  const auto id = Identify(*opened, way.path);
  if (!id) return tl::unexpected<Error>(id.error());
  if (*id == way.id) return opened;
  return Failure(ENOENT, way.path + ": another directory by now");
}

}  // namespace

Result<DirectoryPlace> FindByPath(const TargetRoots& roots,
                                  const DirectoryPlace::Handle& main,
                                  const std::string& path,
                                  const Looking& looking) {
  const auto root = roots.Find(*main);
  if (!root) return tl::unexpected<Error>(root.error());
  const auto id = AwaitLook<Result<FileId>>(
      looking.looks,
      {.kind = LookKey::Kind::kPath, .root = (*root)->id(), .path = path}, path,
      kSameForAll,
      [path, root = *root](const Deadline&) {
        return IdentifyBelow(*root, path);
      },
      looking.deadline);
  if (!id) return tl::unexpected<Error>(id.error());
  return (*id)->map([&](const FileId& found) {
    return DirectoryPlace{found, path, {}, main};
  });
}

std::vector<DirectoryPlace> FindByGlob(const TargetRoots& roots,
                                       const DirectoryPlace::Handle& main,
                                       const std::string& pattern,
                                       const Looking& looking,
                                       ErrorTally& errors) {
  const auto root = roots.Find(*main);
  if (!root) {
    errors.Add(root.error());
    return {};
  }
  const auto matching = AwaitLook<Matching>(
      looking.looks,
      {.kind = LookKey::Kind::kPattern, .root = (*root)->id(), .path = pattern},
      pattern, kSameForAll,
      [pattern, root = *root](const Deadline& deadline) {
        return Match(*root, pattern, deadline);
      },
      looking.deadline);
  if (!matching) {
    errors.Add(matching.error());
    return {};
  }
  errors.Add((*matching)->errors);
  std::vector<DirectoryPlace> places;
  for (const GlobMatch& match : (*matching)->matches) {
    places.push_back({match.id, match.path, {}, main});
  }
  return places;
}

Result<WayToPlace> FindWay(const TargetRoots& roots,
                           const DirectoryPlace& place) {
  WayToPlace way{place.id, place.path, {}, nullptr};
  if (place.users.empty()) {
    auto root = roots.Find(*place.main);
    if (!root) return tl::unexpected<Error>(root.error());
    way.root = *std::move(root);
    return way;
  }
  const auto works_there = [&](const procfs::ProcessHandle& user) {
    return user.ReadLink("cwd").value_or("") == place.link;
  };
  auto added = AddUsers(roots, place, works_there, way);
  // The directory may have another name by now.
  const auto any = [](const procfs::ProcessHandle&) { return true; };
  if (added && way.users.empty()) added = AddUsers(roots, place, any, way);
  if (!added) return tl::unexpected<Error>(added.error());
  if (way.users.empty()) {
    return Failure(ENOENT, place.path + ": not in use any more");
  }
  return way;
}

Result<OpenedPlace> OpenPlace(const WayToPlace& way) {
  std::optional<Error> failure;
  for (const auto& [user, root] : way.users) {
    auto directory = OpenIfSame(way, user->OpenAt("cwd", kPlaceFlags));
    if (directory) return OpenedPlace{*std::move(directory), root, user->pid()};
    if (!IsGone(directory.error())) failure = directory.error();
  }
  if (failure) return tl::unexpected<Error>(*std::move(failure));
  if (!way.users.empty()) {
    return Failure(ENOENT, way.path + ": not in use any more");
  }
  auto directory = OpenIfSame(way, way.root->Open(way.path, kPlaceFlags));
  if (!directory) return tl::unexpected<Error>(directory.error());
  return OpenedPlace{*std::move(directory), way.root, 0};
}

}  // namespace leak_exporter
