// How MeasureDirectory gets through large, deep and changing trees.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <functional>
#include <iterator>
#include <string>
#include <utility>

#include "metrics/base/clock.h"
#include "metrics/base/unique_fd.h"
#include "metrics/disk/measure_directory.h"
#include "tests/catch.h"
#include "tests/metrics/disk/measuring.h"
#include "tests/scratch_directory.h"

namespace leak_exporter {
namespace {

namespace fs = std::filesystem;

// Lets a test act in the middle of a walk, which asks for the time after each
// batch of names.
class ActingClock final : public Clock {
 public:
  explicit ActingClock(std::function<void(int)> act) : act_(std::move(act)) {}

  std::chrono::steady_clock::time_point Now() const override {
    act_(++calls_);
    return {};
  }
  std::chrono::nanoseconds SinceBoot() const override { return {}; }
  std::chrono::system_clock::time_point WallTime() const override { return {}; }

 private:
  std::function<void(int)> act_;
  mutable int calls_ = 0;
};

// The first act comes once the top directory has been read and nothing below.
Result<DirectoryUsage> MeasureActing(const std::string& path,
                                     std::function<void(int)> act,
                                     const MeasureOptions& options = {}) {
  return Measure(path, options, ActingClock(std::move(act)));
}

size_t OpenDescriptors() {
  return static_cast<size_t>(
      std::distance(fs::directory_iterator("/proc/self/fd"), {}));
}

// Where making and removing thousands of directories takes no disk.
constexpr char kInMemory[] = "/dev/shm";

// Directories `width` wide at each of `depth` levels below the first of the
// level above, each with a file.
void MakeComb(const std::string& top, int depth, int width) {
  UniqueFd at(::open(top.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (int level = 0; level < depth; ++level) {
    for (int i = 0; i < width; ++i) {
      const std::string name = "d" + std::to_string(i);
      REQUIRE(::mkdirat(at.get(), name.c_str(), 0755) == 0);
      const UniqueFd file(::openat(at.get(), ("f" + std::to_string(i)).c_str(),
                                   O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
      REQUIRE(::ftruncate(file.get(), level + i) == 0);
    }
    at.Reset(::openat(at.get(), "d0", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    REQUIRE(at.valid());
  }
}

TEST_CASE("measure: any number of threads counts the same") {
  const ScratchDirectory directory;
  const std::string& top = directory.path();
  for (int i = 0; i < 8; ++i) {
    fs::create_directory(top + "/" + std::to_string(i));
  }
  for (int i = 0; i < 8; ++i) {
    MakeComb(top + "/" + std::to_string(i), 8, 6);
    WriteFile(top + "/linked" + std::to_string(i), 3'000);
    fs::create_hard_link(top + "/linked" + std::to_string(i),
                         top + "/" + std::to_string((i + 3) % 8) + "/link");
  }
  for (const unsigned threads : {1U, 2U, 4U}) {
    CAPTURE(threads);
    CheckAgainstOracle(top, {.threads = threads});
  }
}

TEST_CASE("measure: 2000 levels deep, with few descriptors") {
  const ScratchDirectory directory(kInMemory);
  const std::string& top = directory.path();
  MakeComb(top, 2'000, 2);
  const uint64_t with_top = DiskUsed(top, "--apparent-size");
  const uint64_t top_bytes = SizeItself(top);
  for (const unsigned threads : {1U, 3U}) {
    CAPTURE(threads);
    const size_t before = OpenDescriptors();
    size_t most = 0;
    const auto usage = MeasureActing(
        top, [&most](int) { most = std::max(most, OpenDescriptors()); },
        {.threads = 1, .max_open_directories = 5});
    REQUIRE(usage);
    CHECK(most <= before + 8);
    CHECK(usage->entries == 8'000);
    CHECK(usage->apparent_bytes == with_top - top_bytes);
    CHECK(usage->allocated_bytes == DiskUsed(top, ""));
    const auto parallel = Measure(top, {.threads = threads});
    REQUIRE(parallel);
    CHECK(parallel->apparent_bytes == usage->apparent_bytes);
    CHECK(parallel->entries == usage->entries);
  }
}

TEST_CASE("measure: paths longer than PATH_MAX") {
  const ScratchDirectory directory;
  UniqueFd at(
      ::open(directory.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::string name(200, 'x');
  for (int level = 0; level < 50; ++level) {
    REQUIRE(::mkdirat(at.get(), name.c_str(), 0755) == 0);
    at.Reset(
        ::openat(at.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    REQUIRE(at.valid());
  }
  const auto usage = Measure(directory.path());
  REQUIRE(usage);
  CHECK(usage->entries == 50);
  CHECK(usage->allocated_bytes == DiskUsed(directory.path(), ""));
}

TEST_CASE("measure: putting off reading when many directories wait") {
  const std::string place = GENERATE(std::string(kInMemory), "/tmp");
  const ScratchDirectory directory(place);
  const std::string& top = directory.path();
  // Reads beyond one batch of names, so that a place in the middle of a
  // directory has to be found again.
  for (int i = 0; i < 150; ++i) {
    const std::string name =
        top + "/" + std::string(40, 'd') + std::to_string(i);
    fs::create_directories(name + "/x");
    WriteFile(name + "/file", static_cast<size_t>(i));
  }
  MakeComb(top, 4, 120);
  CheckAgainstOracle(top,
                     {.max_open_directories = 2, .max_pending_bytes = 100});
  CheckAgainstOracle(
      top, {.threads = 3, .max_open_directories = 2, .max_pending_bytes = 100});
}

TEST_CASE("measure: deeper than the limit is an error") {
  const ScratchDirectory directory;
  MakeComb(directory.path(), 20, 1);
  CHECK(Measure(directory.path(), {.max_depth = 20}));
  const auto usage = Measure(directory.path(), {.max_depth = 19});
  REQUIRE_FALSE(usage);
  CHECK(usage.error().code == 0);
  CHECK_THAT(usage.error().message, ContainsSubstring("nested too deep"));
}

TEST_CASE("measure: more entries than the limit is an error") {
  const ScratchDirectory directory;
  MakeComb(directory.path(), 5, 10);
  CHECK(Measure(directory.path(), {.max_entries = 100}));
  const auto usage = Measure(directory.path(), {.max_entries = 99});
  REQUIRE_FALSE(usage);
  CHECK(usage.error().code == 0);
  CHECK(usage.error().message ==
        directory.path() + ": more than 99 entries, measured no further");
}

TEST_CASE("measure: past the deadline there is no size") {
  const ScratchDirectory directory;
  WriteFile(directory.path() + "/file", 10);
  const SystemClock clock;
  const UniqueFd fd(
      ::open(directory.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const FileRoot root = FileRoot::Own();
  const auto usage = MeasureDirectory({fd.get(), directory.path(), root}, {},
                                      Deadline(clock, clock.Now()));
  REQUIRE_FALSE(usage);
  CHECK(usage.error().code == ETIMEDOUT);
  CHECK(usage.error().message == directory.path() + ": not measured in time");
}

TEST_CASE("measure: what vanishes mid-walk does not count any further") {
  const ScratchDirectory directory;
  const std::string& top = directory.path();
  for (const std::string name : {"a", "b", "c"}) {
    fs::create_directory(top + "/" + name);
    WriteFile(top + "/" + name + "/file", 1'000);
  }
  const uint64_t directory_bytes = SizeItself(top + "/a");
  const auto usage = MeasureActing(top, [&top](int call) {
    if (call == 1) {
      fs::remove_all(top + "/a");
      fs::remove_all(top + "/b");
    }
  });
  REQUIRE(usage);
  CHECK(usage->entries == 4);
  CHECK(usage->apparent_bytes == 1'000 + 3 * directory_bytes);
}

TEST_CASE("measure: a directory swapped for a link mid-walk is not entered") {
  const ScratchDirectory directory;
  const ScratchDirectory elsewhere;
  const std::string& top = directory.path();
  fs::create_directory(top + "/a");
  WriteFile(elsewhere.path() + "/secret", 1'000'000);
  const auto usage = MeasureActing(top, [&](int call) {
    if (call != 1) return;
    fs::remove(top + "/a");
    MakeSymlink(elsewhere.path(), top + "/a");
  });
  REQUIRE(usage);
  CHECK(usage->entries == 1);
  CHECK(usage->apparent_bytes < 1'000'000);
}

TEST_CASE("measure: a directory moved out mid-walk leads to no other") {
  const ScratchDirectory directory;
  const ScratchDirectory elsewhere;
  const std::string& top = directory.path();
  MakeComb(top, 10, 2);
  const std::string fifth = top + "/d0/d0/d0/d0/d0";
  bool moved = false;
  const auto usage = MeasureActing(
      top,
      [&](int) {
        // The deepest directory is open by now, its ancestors are set aside.
        const std::string link = "/proc/self/fd";
        for (const auto& entry : fs::directory_iterator(link)) {
          std::error_code error;
          const auto target = fs::read_symlink(entry.path(), error);
          if (!error && !moved && target.string().starts_with(fifth + "/d0/")) {
            fs::rename(fifth, elsewhere.path() + "/moved");
            moved = true;
          }
        }
      },
      {.max_open_directories = 2});
  REQUIRE(moved);
  REQUIRE_FALSE(usage);
  CHECK_THAT(usage.error().message,
             ContainsSubstring("moved while it was measured"));
}

}  // namespace
}  // namespace leak_exporter
