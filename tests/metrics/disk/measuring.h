#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>

#include "metrics/base/clock.h"
#include "metrics/base/deadline.h"
#include "metrics/base/unique_fd.h"
#include "metrics/disk/measure_directory.h"
#include "tests/catch.h"
#include "tests/command_output.h"

/// What the tests of MeasureDirectory share: measuring a path, and asking
/// Python and du(1) for the same.
namespace leak_exporter {

/// Sums st_size as pathlib sees it, a link that leads nowhere by itself, and
/// counts the entries.
inline constexpr char kFormula[] = R"(
import pathlib, sys
def size(path):
    try:
        return path.stat().st_size
    except OSError:
        return path.lstat().st_size
paths = list(pathlib.Path(sys.argv[1]).rglob('*'))
print(sum(size(path) for path in paths), len(paths))
)";

/// What others say of a directory.
struct Expected {
  uint64_t apparent_bytes = 0;
  uint64_t entries = 0;
  uint64_t allocated_bytes = 0;
};

inline uint64_t DiskUsed(const std::string& path, const std::string& options) {
  return std::stoull(
      CommandOutput("du -s --block-size=1 " + options + " '" + path + "'"));
}

inline Expected Oracle(const std::string& path) {
  Expected expected;
  std::istringstream(CommandOutput("/usr/bin/python3 -c \"" +
                                   std::string(kFormula) + "\" '" + path +
                                   "'")) >>
      expected.apparent_bytes >> expected.entries;
  expected.allocated_bytes = DiskUsed(path, "");
  return expected;
}

/// Measures a path of this process's own root.
inline Result<DirectoryUsage> Measure(const std::string& path,
                                      const MeasureOptions& options = {},
                                      const Clock& clock = SystemClock()) {
  const UniqueFd fd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const FileRoot root = FileRoot::Own();
  return MeasureDirectory({fd.get(), path, root}, options,
                          Deadline::Never(clock));
}

inline void CheckAgainstOracle(const std::string& path,
                               const MeasureOptions& options = {}) {
  const Expected expected = Oracle(path);
  const auto usage = Measure(path, options);
  REQUIRE(usage);
  CHECK(usage->apparent_bytes == expected.apparent_bytes);
  CHECK(usage->entries == expected.entries);
  CHECK(usage->allocated_bytes == expected.allocated_bytes);
}

inline void WriteFile(const std::string& path, size_t bytes) {
  std::ofstream(path, std::ios::binary) << std::string(bytes, 'x');
}

inline void MakeSymlink(const std::string& target, const std::string& path) {
  REQUIRE(::symlink(target.c_str(), path.c_str()) == 0);
}

/// The st_size of a directory or a file itself.
inline uint64_t SizeItself(const std::string& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return static_cast<uint64_t>(status.st_size);
}

}  // namespace leak_exporter
