#include "metrics/disk/walk_worker.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "metrics/base/clock.h"
#include "tests/catch.h"
#include "tests/scratch_directory.h"

namespace leak_exporter {
namespace {

namespace fs = std::filesystem;

void WriteFile(const std::string& path, size_t bytes) {
  std::ofstream(path, std::ios::binary) << std::string(bytes, 'x');
}

struct statx StatusOf(const std::string& path) {
  struct statx status {};
  REQUIRE(::statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW,
                  STATX_BASIC_STATS, &status) == 0);
  return status;
}

uint64_t AllocatedBytes(const std::string& path) {
  return StatusOf(path).stx_blocks * 512;
}

/// A walk of one directory, on offer for its workers.
class Walk {
 public:
  explicit Walk(const std::string& path, const MeasureOptions& options = {})
      : options_(options),
        state_(root_, options_, deadline_, FileId::Of(StatusOf(path)).device) {
    WalkedDirectory top;
    top.name = path;
    top.fd.Reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    state_.Offer(std::move(top));
  }

  WalkState& state() { return state_; }
  /// Runs one worker to the end.
  DirectoryUsage Run(std::function<void()> want_help = nullptr) {
    WalkWorker worker(state_, std::move(want_help));
    state_.AddWorker();
    worker.Run();
    return worker.usage();
  }

 private:
  MeasureOptions options_;
  SystemClock clock_;
  Deadline deadline_ = Deadline::Never(clock_);
  FileRoot root_ = FileRoot::Own();
  WalkState state_;
};

/// Directories side by side, a file of one byte in each.
void MakeDirectories(const std::string& top, int count) {
  for (int i = 0; i < count; ++i) {
    const std::string path = top + "/" + std::to_string(i);
    fs::create_directory(path);
    WriteFile(path + "/file", 1);
  }
}

TEST_CASE("walk_worker: it counts what is below, not the directory itself") {
  const ScratchDirectory directory;
  const std::string& top = directory.path();
  CHECK(Walk(top).Run().allocated_bytes == 0U);
  fs::create_directories(top + "/a/b");
  WriteFile(top + "/a/b/file", 20'000);
  fs::create_symlink("b/file", top + "/a/link");
  fs::create_symlink("nowhere", top + "/broken");
  Walk walk(top);
  const DirectoryUsage usage = walk.Run();
  CHECK_FALSE(walk.state().error());
  CHECK(usage.entries == 5);
  CHECK(usage.apparent_bytes == StatusOf(top + "/a").stx_size +
                                    StatusOf(top + "/a/b").stx_size +
                                    2 * 20'000 + 7);
  uint64_t allocated = 0;
  for (const std::string name :
       {"/a", "/a/b", "/a/b/file", "/a/link", "/broken"}) {
    allocated += AllocatedBytes(top + name);
  }
  CHECK(usage.allocated_bytes == allocated);
}

TEST_CASE("walk_worker: links that cannot be told apart leave no blocks") {
  const ScratchDirectory directory;
  const std::string& top = directory.path();
  WriteFile(top + "/one", 100);
  fs::create_hard_link(top + "/one", top + "/two");
  CHECK(Walk(top).Run().allocated_bytes == AllocatedBytes(top + "/one"));
  const DirectoryUsage usage = Walk(top, {.max_hard_linked_inodes = 0}).Run();
  CHECK(usage.allocated_bytes == std::nullopt);
  CHECK(usage.apparent_bytes == 200);
  CHECK(usage.entries == 2);
}

TEST_CASE("walk_worker: help is wanted once, for a long walk") {
  const ScratchDirectory directory;
  MakeDirectories(directory.path(), 63);
  int wanted = 0;
  Walk(directory.path()).Run([&wanted] { ++wanted; });
  CHECK(wanted == 0);
  MakeDirectories(directory.path() + "/0", 200);
  Walk(directory.path()).Run([&wanted] { ++wanted; });
  CHECK(wanted == 1);
}

TEST_CASE("walk_worker: what an idle worker may take over is counted once") {
  const ScratchDirectory directory;
  MakeDirectories(directory.path(), 200);
  const DirectoryUsage alone = Walk(directory.path()).Run();
  Walk walk(directory.path());
  WalkWorker helper(walk.state());
  std::thread thread;
  const auto start_helper = [&] {
    walk.state().AddWorker();
    thread = std::thread([&helper] { helper.Run(); });
    const auto end =
        std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!walk.state().SomeoneIsIdle() &&
           std::chrono::steady_clock::now() < end) {
      std::this_thread::yield();
    }
  };
  const DirectoryUsage own = walk.Run(start_helper);
  REQUIRE(thread.joinable());
  thread.join();
  CHECK_FALSE(walk.state().error());
  CHECK(own.entries + helper.usage().entries == alone.entries);
  CHECK(own.apparent_bytes + helper.usage().apparent_bytes ==
        alone.apparent_bytes);
  CHECK(*own.allocated_bytes + *helper.usage().allocated_bytes ==
        alone.allocated_bytes);
}

TEST_CASE("walk_worker: a walk that was stopped is not begun") {
  const ScratchDirectory directory;
  WriteFile(directory.path() + "/file", 100);
  Walk walk(directory.path());
  walk.state().Stop(EIO, "/a", "broken");
  CHECK(walk.Run().entries == 0);
  CHECK(walk.state().error()->message == "/a: broken");
}

TEST_CASE("walk_worker: what it cannot read ends the walk, with its path") {
  const ScratchDirectory directory;
  const std::string file = directory.path() + "/file";
  WriteFile(file, 100);
  Walk walk(file);
  CHECK(walk.Run().entries == 0);
  REQUIRE(walk.state().error());
  CHECK(walk.state().error()->code == ENOTDIR);
  CHECK(walk.state().error()->message == file + ": Not a directory");
}

TEST_CASE("walk_worker: nested deeper than allowed ends the walk") {
  const ScratchDirectory directory;
  const std::string& top = directory.path();
  fs::create_directories(top + "/a/b/c");
  CHECK(Walk(top, {.max_depth = 3}).Run().entries == 3);
  Walk walk(top, {.max_depth = 2});
  walk.Run();
  REQUIRE(walk.state().error());
  CHECK(walk.state().error()->code == 0);
  CHECK(walk.state().error()->message ==
        top + "/a/b: nested too deep, measured no further");
}

TEST_CASE("walk_worker: with two descriptors it finds its way back") {
  const ScratchDirectory directory;
  std::string path = directory.path();
  for (int level = 0; level < 20; ++level) {
    for (const std::string name : {"d", "e"}) {
      fs::create_directory(path + "/" + name);
      WriteFile(path + "/" + name + "/file", 1);
    }
    path += "/d";
  }
  const DirectoryUsage usage = Walk(directory.path()).Run();
  CHECK(usage.entries == 80);
  Walk few(directory.path(), {.max_open_directories = 2});
  const DirectoryUsage same = few.Run();
  CHECK_FALSE(few.state().error());
  CHECK(same.entries == usage.entries);
  CHECK(same.apparent_bytes == usage.apparent_bytes);
  CHECK(same.allocated_bytes == usage.allocated_bytes);
}

}  // namespace
}  // namespace leak_exporter
