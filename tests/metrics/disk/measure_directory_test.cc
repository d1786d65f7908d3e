#include "metrics/disk/measure_directory.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sstream>
#include <string>

#include "metrics/base/unique_fd.h"
#include "tests/catch.h"
#include "tests/in_child.h"
#include "tests/metrics/disk/measuring.h"
#include "tests/own_namespaces.h"
#include "tests/scratch_directory.h"

namespace leak_exporter {
namespace {

namespace fs = std::filesystem;

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

/// Sets the access time to long ago, as that of a directory in no use.
void MakeOld(const std::string& path) {
  const timespec times[2] = {{1'000'000'000, 0}, {0, UTIME_OMIT}};
  REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
}

time_t AccessTime(const std::string& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_atim.tv_sec;
}

TEST_CASE("measure: its owner's directories keep their access times") {
  const ScratchDirectory directory;
  const std::string& top = directory.path();
  // More levels than are open at once, so that some are opened a second time.
  std::vector<std::string> paths = {top};
  for (int i = 0; i < 40; ++i) {
    paths.push_back(paths.back() + "/d");
    fs::create_directory(paths.back());
    fs::create_directory(paths.back() + "/other");
    paths.insert(paths.begin(), paths.back() + "/other");
  }
  for (const std::string& path : paths) MakeOld(path);
  const auto usage = Measure(top);
  REQUIRE(usage);
  CHECK(usage->entries == 80);
  CHECK_FALSE(usage->touched);
  for (const std::string& path : paths) {
    INFO(path);
    CHECK(AccessTime(path) == 1'000'000'000);
  }
}

TEST_CASE("measure: whoever may not keep access times says so") {
  if (::geteuid() != 0) {
    WARN("not run: to become another user needs root");
    return;
  }
  const ScratchDirectory directory;
  fs::create_directory(directory.path() + "/d");
  ::chmod(directory.path().c_str(), 0755);
  const std::string seen = InChild([&]() -> std::string {
    if (::setresuid(65'534, 65'534, 65'534) != 0) return "setresuid";
    const auto usage = Measure(directory.path());
    if (!usage) return usage.error().message;
    return std::to_string(usage->entries) +
           (usage->touched ? " touched" : " not touched");
  });
  CHECK(seen == "1 touched");
}

}  // namespace
}  // namespace leak_exporter
