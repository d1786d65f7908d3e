#include "metrics/procfs/cgroup.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "metrics/procfs/text.h"

namespace leak_exporter::procfs {
namespace {

constexpr std::string_view kDeleted = " (deleted)";
constexpr std::string_view kScope = ".scope";
constexpr std::string_view kService = ".service";
constexpr std::string_view kSlice = ".slice";
constexpr std::string_view kPod = "pod";

/// What stands before the id. Not "libpod-conmon-" and "crio-conmon-": those
/// hold the container's monitor, which runs outside of it.
constexpr std::array<std::string_view, 7> kRuntimes = {
    "docker-",  "cri-containerd-", "crio-",       "libpod-",
    "nerdctl-", "libpod-payload-", "containerd-",
};
/// Runtimes shorten ids to 12 digits for people; a full one has 64.
constexpr size_t kShortIdLength = 12;
constexpr size_t kFullIdLength = 64;

bool IsHexadecimal(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == text.npos;
}

/// Calls `take` with each component of the path.
template <typename Take>
void ForEachComponent(std::string_view path, const Take& take) {
  while (!path.empty()) {
    const size_t end = std::min(path.find('/'), path.size());
    if (end > 0) take(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
}

/// Empty where the component names no container.
std::string_view ContainerId(std::string_view component) {
  if (component.ends_with(kScope)) component.remove_suffix(kScope.size());
  // containerd writes "SLICE:cri-containerd:ID" where kubelet means a systemd
  // path and it does not.
  component.remove_prefix(component.rfind(':') + 1);
  for (const std::string_view runtime : kRuntimes) {
    if (!component.starts_with(runtime)) continue;
    const std::string_view id = component.substr(runtime.size());
    if (id.size() >= kShortIdLength && IsHexadecimal(id)) return id;
  }
  if (component.size() == kFullIdLength && IsHexadecimal(component)) {
    return component;
  }
  return {};
}

/// A UUID, or the 32 digits by which kubelet calls the pods of its own files.
bool IsPodUid(std::string_view text) {
  constexpr size_t kUuidLength = 36;
  constexpr size_t kHashLength = 32;
  if (text.size() == kHashLength) return IsHexadecimal(text);
  return text.size() == kUuidLength &&
         text.find_first_not_of("0123456789abcdef-") == text.npos;
}

/// Of the unified hierarchy first, then systemd's, then the others.
int Rank(std::string_view controllers) {
  if (controllers.empty()) return 0;
  return controllers == "name=systemd" ? 1 : 2;
}

}  // namespace

Result<std::vector<std::string>> ParseCgroup(std::string_view text) {
  std::array<std::vector<std::string>, 3> ranked;
  for (size_t line = 1; !text.empty(); ++line) {
    const size_t end = text.find('\n');
    const std::string_view content = text.substr(0, end);
    const size_t controllers = content.find(':');
    const size_t path = content.find(':', controllers + 1);
    if (end == text.npos || controllers == content.npos ||
        path == content.npos || content.substr(path + 1, 1) != "/") {
      return tl::unexpected<Error>(Malformed(line, "bad cgroup", content));
    }
    std::string_view name = content.substr(path + 1);
    if (name.ends_with(kDeleted)) name.remove_suffix(kDeleted.size());
    const int rank =
        Rank(content.substr(controllers + 1, path - controllers - 1));
    ranked[static_cast<size_t>(rank)].emplace_back(name);
    text.remove_prefix(end + 1);
  }
  std::vector<std::string> paths;
  for (std::vector<std::string>& group : ranked) {
    for (std::string& path : group) {
      if (std::find(paths.begin(), paths.end(), path) == paths.end()) {
        paths.push_back(std::move(path));
      }
    }
  }
  return paths;
}

Result<std::vector<std::string>> ReadCgroup(const ProcessHandle& process,
                                            std::string& buffer) {
  const auto text = process.Read("cgroup", buffer);
  if (!text) return tl::unexpected<Error>(text.error());
  return ParseCgroup(*text).map_error([&](Error error) {
    return AtPath(process.Path("cgroup"), std::move(error));
  });
}

bool InSystemdUnit(std::string_view cgroup_path, std::string_view unit) {
  std::string name(unit);
  if (name.find('.') == name.npos) name += kService;
  bool found = false;
  ForEachComponent(cgroup_path, [&](std::string_view component) {
    const bool escaped = component.starts_with('_');
    found =
        found || component == name || (escaped && component.substr(1) == name);
  });
  return found;
}

std::vector<std::string_view> ContainerIds(std::string_view cgroup_path) {
  std::vector<std::string_view> ids;
  ForEachComponent(cgroup_path, [&](std::string_view component) {
    const std::string_view id = ContainerId(component);
    if (!id.empty()) ids.push_back(id);
  });
  return ids;
}

std::string PodUid(std::string_view cgroup_path) {
  std::string uid;
  ForEachComponent(cgroup_path, [&](std::string_view component) {
    if (component.starts_with("kubepods") && component.ends_with(kSlice)) {
      component.remove_suffix(kSlice.size());
      component.remove_prefix(component.rfind('-') + 1);
    }
    if (!component.starts_with(kPod)) return;
    component.remove_prefix(kPod.size());
    std::string found(component);
    std::replace(found.begin(), found.end(), '_', '-');
    if (IsPodUid(found)) uid = std::move(found);
  });
  return uid;
}

}  // namespace leak_exporter::procfs
