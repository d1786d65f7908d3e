#include "metrics/disk/glob.h"

#include <fcntl.h>
#include <fnmatch.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "metrics/base/open_untouched.h"
#include "metrics/base/uninterrupted.h"
#include "metrics/disk/directory_reader.h"
#include "metrics/disk/identify.h"

namespace leak_exporter {
namespace {

// Each component from the first wildcard on holds a descriptor or two and a
// buffer while what is below it is searched.
constexpr size_t kMaxWildComponents = 16;

std::vector<std::string> Components(std::string_view path) {
  std::vector<std::string> components;
  while (!path.empty()) {
    const std::string_view component = path.substr(0, path.find('/'));
    if (!component.empty() && component != ".") {
      components.emplace_back(component);
    }
    path.remove_prefix(std::min(path.size(), component.size() + 1));
  }
  return components;
}

bool HasWildcard(const std::string& component) {
  return component.find_first_of("*?[\\") != std::string::npos;
}

std::string Join(std::string path, std::string_view name) {
  if (!path.ends_with('/')) path += '/';
  return path.append(name);
}

// Not there, or no directory.
bool IsNoMatch(int code) {
  return code == ENOENT || code == ENOTDIR || code == ELOOP;
}

class Search {
 public:
  Search(std::vector<std::string> components, const GlobLimits& limits,
         const Deadline& deadline, ErrorTally& errors)
      : components_(std::move(components)),
        limits_(limits),
        deadline_(deadline),
        errors_(errors) {}

  /// Adds what the components from `index` on match below `path`, which is
  /// open as `directory`.
  void Expand(UniqueFd directory, std::string path, size_t index) {
    if (index == components_.size()) return Add(directory, std::move(path));
    const std::string& component = components_[index];
    if (HasWildcard(component)) return ExpandWildcard(directory, path, index);
    Descend(directory, path, component.c_str(), index);
  }

  std::vector<GlobMatch> TakeMatches() {
    std::ranges::sort(matches_, {}, &GlobMatch::path);
    return std::move(matches_);
  }

 private:
  void Add(const UniqueFd& directory, std::string path) {
    const auto id = Identify(directory, path);
    if (!id) return errors_.Add(id.error());
    path_bytes_ += path.size();
    if (matches_.size() == limits_.matches ||
        path_bytes_ > limits_.path_bytes) {
      errors_.Add(ErrorCause::kLimit,
                  path + ": more than " + std::to_string(limits_.matches) +
                      " directories match, or their paths are longer than " +
                      std::to_string(limits_.path_bytes) + " bytes together");
      stopped_ = true;
      return;
    }
    matches_.push_back({std::move(path), *id});
  }

  void ExpandWildcard(const UniqueFd& directory, const std::string& path,
                      size_t index) {
    const UniqueFd list =
        OpenUntouched(directory.get(), ".", O_RDONLY | O_DIRECTORY).fd;
    if (!list.valid()) return Fail(errno, path);
    DirectoryReader reader;
    while (!stopped_) {
      if (deadline_.Expired()) {
        errors_.Add(ErrorCause::kTimeout, path + ": not searched in time");
        stopped_ = true;
        return;
      }
      const auto more = reader.Fill(list.get());
      if (!more) return Fail(more.error(), path);
      if (!*more) return;
      while (const char* name = stopped_ ? nullptr : reader.Next()) {
        if (::fnmatch(components_[index].c_str(), name,
                      FNM_PATHNAME | FNM_PERIOD) == 0) {
          Descend(directory, path, name, index);
        }
      }
    }
  }

  void Descend(const UniqueFd& directory, const std::string& path,
               const char* name, size_t index) {
    UniqueFd child(Uninterrupted([&] {
      return ::openat(directory.get(), name,
                      O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    }));
    if (child.valid()) {
      return Expand(std::move(child), Join(path, name), index + 1);
    }
    if (!IsNoMatch(errno)) Fail(errno, Join(path, name));
  }

  void Fail(int code, const std::string& path) {
    errors_.Add({code, path + ": " + std::strerror(code)});
  }

  const std::vector<std::string> components_;
  const GlobLimits limits_;
  const Deadline& deadline_;
  ErrorTally& errors_;
  std::vector<GlobMatch> matches_;
  size_t path_bytes_ = 0;
  bool stopped_ = false;
};

}  // namespace

std::vector<GlobMatch> MatchDirectories(const FileRoot& root,
                                        const std::string& pattern,
                                        const GlobLimits& limits,
                                        const Deadline& deadline,
                                        ErrorTally& errors) {
  std::vector<std::string> components = Components(pattern);
  const auto wild = std::ranges::find_if(components, HasWildcard);
  if (!pattern.starts_with('/') ||
      components.end() - wild > std::ptrdiff_t{kMaxWildComponents} ||
      std::find(wild, components.end(), "..") != components.end()) {
    errors.Add(ErrorCause::kMalformed,
               pattern +
                   ": not an absolute pattern, or too long or with '..' after "
                   "its first wildcard");
    return {};
  }
  std::string start = "/";
  for (auto it = components.begin(); it != wild; ++it) start = Join(start, *it);
  auto directory = root.Open(start, O_PATH | O_DIRECTORY);
  if (!directory) {
    if (!IsNoMatch(directory.error().code)) errors.Add(directory.error());
    return {};
  }
  components.erase(components.begin(), wild);
  Search search(std::move(components), limits, deadline, errors);
  search.Expand(*std::move(directory), std::move(start), 0);
  return search.TakeMatches();
}

}  // namespace leak_exporter
