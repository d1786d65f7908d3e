#include "metrics/disk/glob.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "metrics/base/clock.h"
#include "tests/catch.h"
#include "tests/scratch_directory.h"

namespace leak_exporter {
namespace {

namespace fs = std::filesystem;
using Paths = std::vector<std::string>;

struct Found {
  Paths paths;
  std::vector<CollectorError> errors;
};

// Matches under a root of the test's own, as another process would have it.
Found Match(const ScratchDirectory& directory, const std::string& pattern,
            const GlobLimits& limits = {}, bool in_time = true) {
  const FileRoot root = FileRoot::Of(UniqueFd(
      ::open(directory.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)));
  const SystemClock clock;
  const Deadline deadline =
      in_time ? Deadline::Never(clock) : Deadline(clock, clock.Now());
  ErrorTally errors;
  Found found;
  for (const GlobMatch& match :
       MatchDirectories(root, pattern, limits, deadline, errors)) {
    CHECK(match.id.inode != 0);
    found.paths.push_back(match.path);
  }
  found.errors = errors.errors();
  return found;
}

void MakeTree(const ScratchDirectory& directory) {
  const std::string& top = directory.path();
  for (const std::string name :
       {"tmp/tmpa/cache", "tmp/tmpb/cache", "tmp/tmpc", "tmp/.tmpd",
        "tmp/other", "tmp/tm*", "tmp/tmp\xff\xfe", "var/tmp/x"}) {
    fs::create_directories(top + "/" + name);
  }
  std::ofstream(top + "/tmp/tmpfile") << "x";
  fs::create_symlink("/var", top + "/absolute");
  fs::create_symlink("../../../../var", top + "/upward");
  fs::create_symlink("/", top + "/tmp/tmplink");
  fs::create_symlink("/var", top + "/tmp/tmpc/cache");
}

TEST_CASE("glob: only directories match, and no links") {
  const ScratchDirectory directory;
  MakeTree(directory);
  const std::vector<std::pair<std::string, Paths>> cases = {
      {"/tmp/tmp*",
       {"/tmp/tmpa", "/tmp/tmpb", "/tmp/tmpc", "/tmp/tmp\xff\xfe"}},
      {"/tmp/tmp?", {"/tmp/tmpa", "/tmp/tmpb", "/tmp/tmpc"}},
      {"/tmp/tmp[ac]", {"/tmp/tmpa", "/tmp/tmpc"}},
      {"/tmp/tmp[!ac]", {"/tmp/tmpb"}},
      {"/tmp/*tmpd", {}},
      {"/tmp/.t*", {"/tmp/.tmpd"}},
      {"/tmp/tm\\*", {"/tmp/tm*"}},
      {"/t*/tmp[ab]/cache", {"/tmp/tmpa/cache", "/tmp/tmpb/cache"}},
      {"//tmp//./tmp[a]//", {"/tmp/tmpa"}},
      {"/tmp/tmp*/cache", {"/tmp/tmpa/cache", "/tmp/tmpb/cache"}},
      {"/tmp/tmp*/missing", {}},
      {"/missing/*", {}},
      {"/tmp/tmpfile/*", {}},
      {"/tmp/tmpa", {"/tmp/tmpa"}},
      {"/tmp/tmpfile", {}},
      {"/missing", {}},
      {"/", {"/"}},
      {"/va*", {"/var"}},
      // Before a wildcard links are followed, inside the root.
      {"/absolute/tm*", {"/absolute/tmp"}},
      {"/upward/tmp", {"/upward/tmp"}},
      {"/../../tm*", {"/../../tmp"}},
  };
  for (const auto& [pattern, paths] : cases) {
    CAPTURE(pattern);
    const Found found = Match(directory, pattern);
    CHECK(found.paths == paths);
    CHECK(found.errors.empty());
  }
}

TEST_CASE("glob: patterns that could lead out are refused") {
  const ScratchDirectory directory;
  MakeTree(directory);
  std::string deep = "/*";
  for (int i = 0; i < 20; ++i) deep += "/*";
  for (const std::string& pattern : {std::string("tmp/*"), std::string(),
                                     std::string("/tmp/*/../../.."), deep}) {
    CAPTURE(pattern);
    const Found found = Match(directory, pattern);
    CHECK(found.paths.empty());
    REQUIRE(found.errors.size() == 1);
    CHECK(found.errors[0].cause == ErrorCause::kMalformed);
    CHECK_THAT(found.errors[0].message, ContainsSubstring(pattern));
  }
}

TEST_CASE("glob: past the limit the first ones are returned and it is said") {
  const ScratchDirectory directory;
  for (int i = 0; i < 10; ++i) {
    fs::create_directories(directory.path() + "/t/d" + std::to_string(i));
  }
  CHECK(Match(directory, "/t/*", {.matches = 10}).errors.empty());
  const Found found = Match(directory, "/t/*", {.matches = 9});
  CHECK(found.paths.size() == 9);
  REQUIRE(found.errors.size() == 1);
  CHECK(found.errors[0].cause == ErrorCause::kLimit);
  CHECK(found.errors[0].count == 1);
  // "/t/dN" has five bytes.
  CHECK(Match(directory, "/t/*", {.path_bytes = 50}).errors.empty());
  const Found long_paths = Match(directory, "/t/*", {.path_bytes = 49});
  CHECK(long_paths.paths.size() == 9);
  REQUIRE(long_paths.errors.size() == 1);
  CHECK(long_paths.errors[0].cause == ErrorCause::kLimit);
}

TEST_CASE("glob: past the deadline the search ends and it is said") {
  const ScratchDirectory directory;
  MakeTree(directory);
  const Found found = Match(directory, "/tmp/tmp*/*", {}, false);
  CHECK(found.paths.empty());
  REQUIRE(found.errors.size() == 1);
  CHECK(found.errors[0].cause == ErrorCause::kTimeout);
}

}  // namespace
}  // namespace leak_exporter
