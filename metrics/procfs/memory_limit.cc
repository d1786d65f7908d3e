#include "metrics/procfs/memory_limit.h"

#include <sys/sysinfo.h>

#include <array>
#include <string_view>
#include <vector>

#include "metrics/base/accumulate.h"
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
  std::string_view file;
};

// Version 2, version 2 beside version 1, version 1.
constexpr std::array<Hierarchy, 3> kHierarchies = {{
    {"", "/memory.max"},
    {"/unified", "/memory.max"},
    {"/memory", "/memory.limit_in_bytes"},
}};

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
Result<Limit> TightestUpwards(const std::string& root, std::string_view file,
                              std::string_view path, std::string& buffer) {
  Limit tightest;
  while (path.size() > 1) {
    const auto limit =
        ReadLimitFile(root + std::string(path) + std::string(file), buffer);
    if (!limit) return limit;
    KeepLeast(*limit, tightest);
    path = path.substr(0, path.rfind('/'));
  }
  return tightest;
}

}  // namespace

Result<Limit> ParseMemoryLimit(std::string_view text) {
  if (text == "max\n") return Limit();
  if (text.ends_with('\n')) {
    const auto bytes = ParseNumber<uint64_t>(text.substr(0, text.size() - 1));
    if (bytes) return *bytes < kNoLimitFrom ? Limit(*bytes) : Limit();
  }
  return tl::unexpected<Error>(Malformed(1, "bad memory limit", text));
}

Result<Limit> ReadMemoryLimit(const ProcFs& fs, const ProcessHandle& process,
                              std::string& buffer) {
  const auto paths = ReadCgroup(process, buffer);
  if (!paths) return tl::unexpected<Error>(paths.error());
  Limit tightest;
  for (const std::string& path : *paths) {
    if (path.find("/..") != path.npos) continue;
    for (const Hierarchy& hierarchy : kHierarchies) {
      const std::string root = fs.Path(kOwnRoot) + std::string(kCgroupMount) +
                               std::string(hierarchy.directory);
      const auto limit = TightestUpwards(root, hierarchy.file, path, buffer);
      if (!limit) return limit;
      KeepLeast(*limit, tightest);
    }
  }
  return tightest;
}

std::optional<uint64_t> PhysicalMemoryBytes() {
  struct sysinfo info {};
  if (::sysinfo(&info) != 0) return std::nullopt;
  return uint64_t{info.totalram} * info.mem_unit;
}

}  // namespace leak_exporter::procfs
