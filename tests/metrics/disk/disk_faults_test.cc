#include <fcntl.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "metrics/disk/glob.h"
#include "metrics/disk/measure_directory.h"
#include "tests/catch.h"
#include "tests/fake_clock.h"
#include "tests/fault_injection.h"
#include "tests/scratch_directory.h"

/// Directory walks, while one system call after another fails.
namespace leak_exporter {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;

/// Directories in a root of their own, with links that lead about in it.
class Tree {
 public:
  Tree() {
    for (const char* const name :
         {"top/a/b", "top/c", "top/tmp1", "elsewhere"}) {
      fs::create_directories(path() + "/" + name);
      std::ofstream(path() + "/" + name + "/file") << std::string(3000, 'x');
    }
    fs::create_symlink("/elsewhere/file", path() + "/top/absolute");
    fs::create_symlink("../elsewhere/file", path() + "/top/relative");
    fs::create_symlink("nowhere", path() + "/top/broken");
    fs::create_symlink("/top", path() + "/link");
    fs::create_hard_link(path() + "/top/c/file", path() + "/top/a/again");
  }

  const std::string& path() const { return directory_.path(); }
  /// Its own path is what its processes call "/".
  const FileRoot& root() const { return root_; }

 private:
  ScratchDirectory directory_;
  FileRoot root_ = FileRoot::Of(
      UniqueFd(::open(path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)));
};

using Walk = std::function<Result<std::string>(const Tree&, const Clock&)>;

std::string TextOf(const DirectoryUsage& usage) {
  return std::to_string(usage.apparent_bytes) + " " +
         std::to_string(usage.allocated_bytes.value_or(0)) + " " +
         std::to_string(usage.entries);
}

Result<std::string> Measure(const FileRoot& root, const std::string& path,
                            bool one_filesystem, const Clock& clock) {
  const auto top = root.Open(path, O_PATH | O_DIRECTORY);
  if (!top) return tl::unexpected<Error>(top.error());
  MeasureOptions options;
  options.threads = 1;
  options.one_filesystem = one_filesystem;
  // Some directories are set aside, and opened again.
  options.max_open_directories = 2;
  return MeasureDirectory({top->get(), path, root}, options,
                          Deadline::After(clock, seconds(10)))
      .map(TextOf);
}

Result<std::string> Match(const Tree& tree, const Clock& clock) {
  ErrorTally errors;
  std::string text;
  for (const GlobMatch& match :
       MatchDirectories(tree.root(), "/link/*/b*", {},
                        Deadline::After(clock, seconds(10)), errors)) {
    text += match.path + "\n";
  }
  if (errors.errors().empty()) return text;
  // The cause is enough.
  const CollectorError& error = errors.errors().front();
  switch (error.cause) {
    case ErrorCause::kPermission:
      return Failure(EACCES, error.message);
    case ErrorCause::kLimit:
      return Failure(ENOMEM, error.message);
    case ErrorCause::kTimeout:
      return Failure(ETIMEDOUT, error.message);
    default:
      return Failure(EIO, error.message);
  }
}

const std::vector<std::pair<const char*, Walk>> kWalks = {
    {"own root",
     [](const Tree& tree, const Clock& clock) {
       return Measure(FileRoot::Own(), tree.path() + "/top", true, clock);
     }},
    {"own root, all filesystems",
     [](const Tree& tree, const Clock& clock) {
       return Measure(FileRoot::Own(), tree.path() + "/top", false, clock);
     }},
    {"another root",
     [](const Tree& tree, const Clock& clock) {
       return Measure(tree.root(), "/link", true, clock);
     }},
    {"glob", Match}};

/// Calls `check` with what each walk finds at each call, and otherwise.
template <typename Check>
void AtEachCall(const CallFault& fault, const Check& check) {
  const Tree tree;
  for (const auto& [name, walk] : kWalks) {
    FakeClock clock(seconds(1000));
    Result<std::string> undisturbed;
    size_t calls = 0;
    {
      const FaultInjection counting({tree.path()}, clock);
      undisturbed = walk(tree, clock);
      calls = counting.calls();
    }
    if (!undisturbed) FAIL(name << ": " << undisturbed.error().message);
    REQUIRE(calls > 10);
    for (size_t at = 0; at < calls; ++at) {
      const FaultInjection injection({tree.path()}, clock, fault, at);
      const auto found = walk(tree, clock);
      INFO(name << ", " << fault.name << " at " << at << ": "
                << injection.place());
      check(found, *undisturbed);
    }
  }
}

TEST_CASE("faults on disk: a size is the whole one, or an error") {
  const CallFault fault = GENERATE(CallFault{.name = "EACCES", .code = EACCES},
                                   CallFault{.name = "EIO", .code = EIO},
                                   CallFault{.name = "ENOMEM", .code = ENOMEM});
  AtEachCall(fault, [&](const Result<std::string>& found,
                        const std::string& undisturbed) {
    if (found) {
      CHECK(*found == undisturbed);
    } else {
      INFO(found.error().message);
      CHECK(found.error().code == fault.code);
    }
  });
}

TEST_CASE("faults on disk: without descriptors there is no size") {
  const bool for_good = GENERATE(false, true);
  AtEachCall(
      {.name = "EMFILE", .code = EMFILE, .for_good = for_good},
      [](const Result<std::string>& found, const std::string& undisturbed) {
        if (found) {
          CHECK(*found == undisturbed);
        } else {
          CHECK((found.error().code == EMFILE || found.error().code == ENOMEM));
        }
      });
}

TEST_CASE("faults on disk: an interruption changes nothing") {
  AtEachCall(
      {.name = "interruption", .code = EINTR},
      [](const Result<std::string>& found, const std::string& undisturbed) {
        if (!found) FAIL(found.error().message);
        CHECK(*found == undisturbed);
      });
}

TEST_CASE("faults on disk: what takes too long is said") {
  AtEachCall(
      {.name = "slow", .duration = seconds(60)},
      [](const Result<std::string>& found, const std::string& undisturbed) {
        if (found) {
          CHECK(*found == undisturbed);
        } else {
          CHECK(found.error().code == ETIMEDOUT);
        }
      });
}

}  // namespace
}  // namespace leak_exporter
