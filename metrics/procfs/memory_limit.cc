#include "metrics/procfs/memory_limit.h"

#include <sys/sysinfo.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>
#include <vector>

#include "metrics/base/read_file.h"
#include "metrics/procfs/cgroup.h"
#include "metrics/procfs/text.h"

namespace leak_exporter::procfs {
namespace {

// Through /proc/self, so that a test's tree has this one below its root too.
constexpr std::string_view kOwnRoot = "self/root";
constexpr std::string_view kCgroupMount = "/sys/fs/cgroup";

struct Hierarchy {
  std::string_view directory;
  bool version_1;
};

// Version 2, version 2 beside version 1, version 1.
constexpr std::array<Hierarchy, 3> kHierarchies = {{
    {"", false},
    {"/unified", false},
    {"/memory", true},
}};

struct FileNames {
  std::string_view limit;
  std::string_view usage;
  std::string_view inactive;
};
constexpr FileNames kNames1 = {"/memory.limit_in_bytes",
                               "/memory.usage_in_bytes", "total_inactive_file"};
constexpr FileNames kNames2 = {"/memory.max", "/memory.current",
                               "inactive_file"};

const FileNames& NamesOf(bool version_1) {
  return version_1 ? kNames1 : kNames2;
}

// Container runtimes nest ten deep.
constexpr int kMostNested = 256;

// No machine has as much; the kernel's "none" depends on the size of a page.
constexpr uint64_t kNoLimitFrom = uint64_t{1} << 60;

using Limit = std::optional<uint64_t>;

Result<Limit> ReadLimitFile(const std::string& path, std::string& buffer) {
  const auto text = ReadFile(path, buffer);
  // The root has no limit, and not every hierarchy is mounted.
  if (!text && IsGone(text.error())) return Limit();
  if (!text) return tl::unexpected<Error>(text.error());
  return ParseMemoryLimit(*text).map_error(
      [&](Error error) { return AtPath(path, std::move(error)); });
}

// From the cgroup at `path` up to the root.
Result<void> FindUpwards(const std::string& root, bool version_1,
                         std::string_view path, std::string& buffer,
                         std::vector<LimitedCgroup>& found) {
  if (path == "/") path = "";
  for (int nested = 0;; ++nested) {
    std::string directory = root + std::string(path);
    if (nested == kMostNested) {
      return Failure(EFBIG, directory + ": too many cgroups in one another");
    }
    const auto limit = ReadLimitFile(
        directory + std::string(NamesOf(version_1).limit), buffer);
    if (!limit) return tl::unexpected<Error>(limit.error());
    if (*limit) found.push_back({std::move(directory), **limit, version_1});
    if (path.empty()) return {};
    path = path.substr(0, path.rfind('/'));
  }
}

Result<std::optional<uint64_t>> ReadUsage(const std::string& path,
                                          std::string& buffer) {
  const auto text = ReadFile(path, buffer);
  if (!text && IsGone(text.error())) return std::nullopt;
  if (!text) return tl::unexpected<Error>(text.error());
  if (text->ends_with('\n')) {
    const auto bytes = ParseNumber<uint64_t>(text->substr(0, text->size() - 1));
    if (bytes) return bytes;
  }
  return tl::unexpected<Error>(
      AtPath(path, Malformed(1, "bad memory usage", *text)));
}

}  // namespace

Result<Limit> ParseMemoryLimit(std::string_view text) {
  if (text == "max\n") return Limit();
  if (text.ends_with('\n')) {
    const auto bytes = ParseNumber<uint64_t>(text.substr(0, text.size() - 1));
    if (bytes) return *bytes < kNoLimitFrom ? bytes : Limit();
  }
  return tl::unexpected<Error>(Malformed(1, "bad memory limit", text));
}

Result<std::vector<LimitedCgroup>> FindLimitedCgroups(
    const ProcFs& fs, const ProcessHandle& process, std::string& buffer) {
  const auto paths = ReadCgroup(process, buffer);
  if (!paths) return tl::unexpected<Error>(paths.error());
  std::vector<LimitedCgroup> found;
  for (const std::string& path : *paths) {
    if (path.find("/..") != path.npos) continue;
    for (const Hierarchy& hierarchy : kHierarchies) {
      const std::string root = fs.Path(kOwnRoot) + std::string(kCgroupMount) +
                               std::string(hierarchy.directory);
      auto searched =
          FindUpwards(root, hierarchy.version_1, path, buffer, found);
      if (!searched) return tl::unexpected<Error>(searched.error());
    }
  }
  return found;
}

Result<std::optional<uint64_t>> ReadMemoryInUse(const LimitedCgroup& cgroup,
                                                std::string& buffer) {
  const FileNames& names = NamesOf(cgroup.version_1);
  auto used = ReadUsage(cgroup.path + std::string(names.usage), buffer);
  if (!used || !*used) return used;
  const std::string path = cgroup.path + "/memory.stat";
  const auto text = ReadFile(path, buffer);
  if (!text && IsGone(text.error())) return std::nullopt;
  if (!text) return tl::unexpected<Error>(text.error());
  const auto inactive = ParseMemoryStat(*text, names.inactive);
  if (!inactive) return tl::unexpected<Error>(AtPath(path, inactive.error()));
  // The two were read one after the other.
  return **used - std::min(**used, *inactive);
}

Result<uint64_t> ParseMemoryStat(std::string_view text, std::string_view name) {
  size_t number = 1;
  for (; !text.empty(); ++number) {
    const auto line = TakeLine(text, number);
    if (!line) return tl::unexpected<Error>(line.error());
    const size_t blank = line->find(' ');
    if (line->substr(0, blank) != name) continue;
    const auto bytes = blank == line->npos
                           ? std::nullopt
                           : ParseNumber<uint64_t>(line->substr(blank + 1));
    if (bytes) return *bytes;
    return tl::unexpected<Error>(Malformed(number, "bad memory", *line));
  }
  return tl::unexpected<Error>(Malformed(number, "no line", name));
}

std::optional<uint64_t> PhysicalMemoryBytes() {
  struct sysinfo info {};
  if (::sysinfo(&info) != 0) return std::nullopt;
  return uint64_t{info.totalram} * info.mem_unit;
}

}  // namespace leak_exporter::procfs
