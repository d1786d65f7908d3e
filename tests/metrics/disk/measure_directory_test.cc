#include "metrics/disk/measure_directory.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <sstream>
#include <string>

#include "metrics/base/unique_fd.h"
#include "tests/catch.h"
#include "tests/command_output.h"
#include "tests/in_child.h"
#include "tests/own_namespaces.h"
#include "tests/scratch_directory.h"

namespace leak_exporter {
namespace {

namespace fs = std::filesystem;

// The original's sum, made whole for links that lead nowhere, and the entries.
constexpr char kFormula[] = R"(
import pathlib, sys
def size(path):
    try:
        return path.stat().st_size
    except OSError:
        return path.lstat().st_size
paths = list(pathlib.Path(sys.argv[1]).rglob('*'))
print(sum(size(path) for path in paths), len(paths))
)";

struct Expected {
  uint64_t apparent_bytes = 0;
  uint64_t entries = 0;
  uint64_t allocated_bytes = 0;
};

uint64_t DiskUsed(const std::string& path, const std::string& options) {
  return std::stoull(
      CommandOutput("du -s --block-size=1 " + options + " '" + path + "'"));
}

Expected Oracle(const std::string& path) {
  Expected expected;
  std::istringstream(CommandOutput("/usr/bin/python3 -c \"" +
                                   std::string(kFormula) + "\" '" + path +
                                   "'")) >>
      expected.apparent_bytes >> expected.entries;
  expected.allocated_bytes = DiskUsed(path, "");
  return expected;
}

Result<DirectoryUsage> Measure(const std::string& path,
                               const MeasureOptions& options = {},
                               const Clock& clock = SystemClock()) {
  const UniqueFd fd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const FileRoot root = FileRoot::Own();
  return MeasureDirectory({fd.get(), path, root}, options,
                          Deadline::Never(clock));
}

void CheckAgainstOracle(const std::string& path,
                        const MeasureOptions& options = {}) {
  const Expected expected = Oracle(path);
  const auto usage = Measure(path, options);
  REQUIRE(usage);
  CHECK(usage->apparent_bytes == expected.apparent_bytes);
  CHECK(usage->entries == expected.entries);
  CHECK(usage->allocated_bytes == expected.allocated_bytes);
}

void WriteFile(const std::string& path, size_t bytes) {
  std::ofstream(path, std::ios::binary) << std::string(bytes, 'x');
}

void MakeSymlink(const std::string& target, const std::string& path) {
  REQUIRE(::symlink(target.c_str(), path.c_str()) == 0);
}

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

uint64_t SizeItself(const std::string& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return static_cast<uint64_t>(status.st_size);
}

size_t OpenDescriptors() {
  return static_cast<size_t>(
      std::distance(fs::directory_iterator("/proc/self/fd"), {}));
}

TEST_CASE("measure: an empty directory has no size and no entries") {
  const ScratchDirectory directory;
  const auto usage = Measure(directory.path());
  REQUIRE(usage);
  CHECK(usage->apparent_bytes == 0);
  CHECK(usage->entries == 0);
  CHECK(usage->allocated_bytes == DiskUsed(directory.path(), ""));
}

TEST_CASE("measure: files and directories alike, not the directory itself") {
  const ScratchDirectory directory;
  const std::string& top = directory.path();
  fs::create_directories(top + "/a/b");
  WriteFile(top + "/one", 1'000);
  WriteFile(top + "/a/b/two", 20'000);
  const uint64_t directory_bytes = SizeItself(top + "/a");
  const auto usage = Measure(top);
  REQUIRE(usage);
  CHECK(usage->apparent_bytes == 21'000 + 2 * directory_bytes);
  CHECK(usage->entries == 4);
  CheckAgainstOracle(top);
}

TEST_CASE("measure: symbolic links count as what they point to") {
  const ScratchDirectory directory;
  const ScratchDirectory elsewhere;
  const std::string& top = directory.path();
  fs::create_directories(top + "/real/inner");
  WriteFile(top + "/real/file", 12'345);
  WriteFile(elsewhere.path() + "/big", 1'000'000);
  MakeSymlink("real/file", top + "/to_file");
  MakeSymlink("real", top + "/to_directory");
  MakeSymlink("../..", top + "/real/inner/to_ancestor");
  MakeSymlink(top, top + "/real/to_top");
  MakeSymlink(elsewhere.path() + "/big", top + "/out_of_the_tree");
  MakeSymlink(elsewhere.path(), top + "/to_directory_outside");
  MakeSymlink("nowhere", top + "/broken");
  MakeSymlink("real/file/below", top + "/below_a_file");
  MakeSymlink("loop", top + "/loop");
  MakeSymlink("to_file", top + "/to_link");
  CheckAgainstOracle(top);
}

TEST_CASE("measure: a broken link counts its own length") {
  const ScratchDirectory directory;
  MakeSymlink("nowhere/at/all", directory.path() + "/broken");
  const auto usage = Measure(directory.path());
  REQUIRE(usage);
  CHECK(usage->apparent_bytes == 14);
  CHECK(usage->entries == 1);
}

TEST_CASE("measure: hard links count each time, their blocks once") {
  const ScratchDirectory directory;
  const ScratchDirectory elsewhere;
  const std::string& top = directory.path();
  fs::create_directory(top + "/sub");
  WriteFile(top + "/inside", 50'000);
  WriteFile(elsewhere.path() + "/outside", 70'000);
  fs::create_hard_link(top + "/inside", top + "/second");
  fs::create_hard_link(top + "/inside", top + "/sub/third");
  fs::create_hard_link(elsewhere.path() + "/outside", top + "/sub/outside");
  CheckAgainstOracle(top);
}

TEST_CASE("measure: past the links it remembers there is no allocated size") {
  const ScratchDirectory directory;
  const std::string& top = directory.path();
  for (const std::string name : {"a", "b", "c"}) {
    WriteFile(top + "/" + name, 100);
    fs::create_hard_link(top + "/" + name, top + "/" + name + "2");
  }
  const auto all = Measure(top, {.max_hard_linked_inodes = 3});
  REQUIRE(all);
  CHECK(all->allocated_bytes == DiskUsed(top, ""));
  const auto too_many = Measure(top, {.max_hard_linked_inodes = 2});
  REQUIRE(too_many);
  CHECK(too_many->apparent_bytes == 600);
  CHECK(too_many->allocated_bytes == std::nullopt);
}

TEST_CASE("measure: sparse files, special files and odd names") {
  const ScratchDirectory directory;
  const std::string& top = directory.path();
  WriteFile(top + "/sparse", 1);
  REQUIRE(::truncate((top + "/sparse").c_str(), off_t{3} << 30) == 0);
  REQUIRE(::mkfifo((top + "/fifo").c_str(), 0600) == 0);
  for (const std::string name :
       {"new\nline", "\xff\xfe invalid", "...", ".hidden", " ", "-rf"}) {
    fs::create_directory(top + "/" + name);
    WriteFile(top + "/" + name + "/" + name, 10);
  }
  fs::create_directory(top + "/" + std::string(255, 'n'));
  WriteFile(top + "/" + std::string(255, 'n') + "/" + std::string(255, 'm'),
            10);
  CheckAgainstOracle(top);
}

TEST_CASE("measure: sizes beyond 64 bits are an error, not a small number") {
  const ScratchDirectory directory;
  const UniqueFd file(::memfd_create("huge", MFD_CLOEXEC));
  REQUIRE(::ftruncate(file.get(), INT64_MAX) == 0);
  for (const std::string name : {"a", "b", "c"}) {
    MakeSymlink("/proc/self/fd/" + std::to_string(file.get()),
                directory.path() + "/" + name);
  }
  const auto usage = Measure(directory.path());
  REQUIRE_FALSE(usage);
  CHECK(usage.error().code == EOVERFLOW);
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

TEST_CASE("measure: a directory that is removed while it is open is empty") {
  const ScratchDirectory directory;
  const std::string gone = directory.path() + "/gone";
  fs::create_directory(gone);
  const UniqueFd fd(::open(gone.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  fs::remove(gone);
  const SystemClock clock;
  const FileRoot root = FileRoot::Own();
  const auto usage = MeasureDirectory({fd.get(), gone + " (deleted)", root}, {},
                                      Deadline::Never(clock));
  REQUIRE(usage);
  CHECK(usage->apparent_bytes == 0);
  CHECK(usage->entries == 0);
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

TEST_CASE("measure: what is not a directory") {
  const ScratchDirectory directory;
  WriteFile(directory.path() + "/file", 10);
  const auto usage = Measure(directory.path() + "/file");
  REQUIRE_FALSE(usage);
  const auto kernel = Measure("/proc");
  REQUIRE_FALSE(kernel);
  CHECK(kernel.error().message == "/proc: on a filesystem of the kernel's own");
}

std::string Describe(const Result<DirectoryUsage>& usage) {
  if (!usage) {
    return std::to_string(usage.error().code) + " " + usage.error().message;
  }
  return std::to_string(usage->apparent_bytes) + " " +
         std::to_string(usage->entries);
}

void BecomeNobody() {
  constexpr unsigned kNobody = 65534;
  if (::geteuid() != 0) return;
  if (::setgroups(0, nullptr) != 0 || ::setgid(kNobody) != 0 ||
      ::setuid(kNobody) != 0) {
    ::_exit(1);
  }
}

TEST_CASE("measure: without rights on a part the whole is unknown") {
  const ScratchDirectory directory;
  const std::string& top = directory.path();
  fs::permissions(top, fs::perms(0755));
  fs::create_directories(top + "/open/closed");
  WriteFile(top + "/open/closed/file", 10);
  const std::string closed = top + "/open/closed";
  // Neither list nor search; list without search.
  for (const int mode : {0000, 0444}) {
    CAPTURE(mode);
    fs::permissions(closed, fs::perms(mode));
    const std::string text = InChild([&top] {
      BecomeNobody();
      return Describe(Measure(top, {.threads = 2}));
    });
    fs::permissions(closed, fs::perms(0755));
    const std::string first = mode == 0 ? closed : closed + "/file";
    CHECK(text ==
          std::to_string(EACCES) + " " + first + ": " + std::strerror(EACCES));
  }
}

TEST_CASE(
    "measure: a link to where one may not look leaves the whole unknown") {
  const ScratchDirectory directory;
  const ScratchDirectory elsewhere;
  fs::permissions(directory.path(), fs::perms(0755));
  WriteFile(elsewhere.path() + "/file", 10);
  fs::permissions(elsewhere.path(), fs::perms(0000));
  MakeSymlink(elsewhere.path() + "/file", directory.path() + "/link");
  const std::string text = InChild([&directory] {
    BecomeNobody();
    return Describe(Measure(directory.path()));
  });
  fs::permissions(elsewhere.path(), fs::perms(0700));
  CHECK(text == std::to_string(EACCES) + " " + directory.path() +
                    "/link: " + std::strerror(EACCES));
}

TEST_CASE("measure: other filesystems are left out or entered as configured") {
  const ScratchDirectory directory;
  const std::string& top = directory.path();
  fs::create_directories(top + "/mounted");
  fs::create_directories(top + "/proc");
  WriteFile(top + "/own", 1'000);
  WriteFile(top + "/over", 1'000);
  const std::string text = InChild([&top] {
    const std::string error = EnterOwnNamespaces(CLONE_NEWNS);
    if (!error.empty()) return error;
    if (::mount("none", (top + "/mounted").c_str(), "tmpfs", 0, nullptr) != 0 ||
        ::mount("/proc", (top + "/proc").c_str(), nullptr, MS_BIND | MS_REC,
                nullptr) != 0) {
      return std::string("no mount: ") + std::strerror(errno);
    }
    fs::create_directories(top + "/mounted/below");
    WriteFile(top + "/mounted/below/file", 50'000);
    WriteFile(top + "/mounted/file", 7);
    if (::mount((top + "/mounted/file").c_str(), (top + "/over").c_str(),
                nullptr, MS_BIND, nullptr) != 0) {
      return std::string("no bind mount: ") + std::strerror(errno);
    }
    const auto one = Measure(top, {.one_filesystem = true});
    const auto all = Measure(top, {.one_filesystem = false});
    if (!one || !all) return Describe(one) + Describe(all);
    std::ostringstream out;
    out << one->apparent_bytes << ' ' << one->entries << ' '
        << (one->allocated_bytes == DiskUsed(top, "-x") ? "as du -x" : "wrong")
        << '\n'
        << all->entries << ' ' << (all->apparent_bytes > 51'007) << ' '
        << (*all->allocated_bytes ==
            DiskUsed(top, "--exclude=" + top + "/proc"));
    return out.str();
  });
  // Entered: mounted, mounted/below and its file, mounted/file, over, own and
  // proc, but nothing below proc.
  CHECK(text == "1000 1 as du -x\n7 1 1");
}

TEST_CASE("measure: under another root links mean what they mean there") {
  const ScratchDirectory directory;
  const std::string& root_path = directory.path();
  fs::create_directories(root_path + "/data/sub");
  fs::create_directories(root_path + "/other");
  WriteFile(root_path + "/other/file", 4'321);
  WriteFile(root_path + "/passwd", 17);
  MakeSymlink("/other/file", root_path + "/data/absolute");
  MakeSymlink("../../other/file", root_path + "/data/sub/relative");
  MakeSymlink("../../../../../../passwd", root_path + "/data/sub/above");
  MakeSymlink("/etc/passwd", root_path + "/data/not_there");
  const uint64_t directory_bytes = SizeItself(root_path + "/data/sub");
  const FileRoot root = FileRoot::Of(
      UniqueFd(::open(root_path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)));
  const auto fd = root.Open("/data", O_PATH | O_DIRECTORY);
  REQUIRE(fd);
  const SystemClock clock;
  const auto usage =
      MeasureDirectory({fd->get(), "/data", root}, {}, Deadline::Never(clock));
  REQUIRE(usage);
  CHECK(usage->entries == 5);
  CHECK(usage->apparent_bytes ==
        directory_bytes + 2 * 4'321 + 17 + std::strlen("/etc/passwd"));
}

}  // namespace
}  // namespace leak_exporter
