#include "metrics/collectors/open_files.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/collect.h"
#include "tests/fake_proc.h"
#include "tests/scratch_directory.h"
#include "tests/waiting_process.h"

namespace leak_exporter {
namespace {

using Kinds = std::array<uint64_t, kFileKinds>;

int OpenNew(const std::string& path) {
  return ::open(path.c_str(), O_RDWR | O_CREAT, 0600);
}

/// A body that leaves no standard streams open besides what `open` opens.
std::function<void()> Only(const std::function<void()>& open) {
  return [open] {
    WaitingProcess::CloseStandardStreams();
    open();
  };
}

uint64_t AllocatedBytes(const std::string& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return static_cast<uint64_t>(status.st_blocks) * 512;
}

TEST_CASE("open_files: every kind of a live process, and its files' paths") {
  const ScratchDirectory directory;
  const std::string at = directory.path() + "/";
  const WaitingProcess child(Only([&] {
    OpenNew(at + "b");
    OpenNew(at + "a");
    OpenNew(at + "a");
    OpenNew(at + "odd (deleted)");
    const int gone = OpenNew(at + "gone");
    if (::write(gone, "x", 1) != 1) ::_exit(1);
    ::unlink((at + "gone").c_str());
    OpenNew(at + "twin");
    if (::link((at + "twin").c_str(), (at + "left").c_str()) != 0) ::_exit(1);
    ::unlink((at + "twin").c_str());
    ::open(at.c_str(), O_RDONLY | O_DIRECTORY);
    ::open("/dev/null", O_RDONLY);
    std::array<int, 2> pair{};
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()) != 0) ::_exit(1);
    if (::pipe(pair.data()) != 0) ::_exit(1);
    if (::mkfifo((at + "fifo").c_str(), 0600) != 0) ::_exit(1);
    ::open((at + "fifo").c_str(), O_RDWR);
    ::epoll_create1(0);
    ::eventfd(0, 0);
    ::inotify_init1(0);
    const int memory = ::memfd_create("m", 0);
    if (::write(memory, "x", 1) != 1) ::_exit(1);
    ::open("/proc/self/ns/mnt", O_RDONLY);
    if (::symlink("a", (at + "link").c_str()) != 0) ::_exit(1);
    ::open((at + "link").c_str(), O_PATH | O_NOFOLLOW);
  }));
  const procfs::ProcFs fs;
  OpenFilesCollector collector;
  const auto run = Collect(collector, fs, TreeOf({SampleOf(fs, child.pid())}));
  REQUIRE(run.success);
  CHECK(run.errors.empty());
  const OpenFilesSnapshot& files = *run.snapshot.open_files;
  CHECK(files.usage.main.by_kind == Kinds{5, 1, 1, 2, 3, 1, 3, 3});
  CHECK(files.usage.main.deleted_bytes.value_or(0) > 0);
  CHECK_FALSE(files.usage.children.by_kind);
  CHECK_FALSE(files.usage.children.limit);
  CHECK_FALSE(files.usage.children.deleted_bytes);
  REQUIRE(files.processes.size() == 1);
  CHECK(files.processes[0].pid == child.pid());
  CHECK(files.processes[0].paths ==
        std::vector<std::string>{at + "a", at + "b", at + "odd (deleted)"});
}

TEST_CASE("open_files: a deleted inode's blocks count once in a scope") {
  const ScratchDirectory directory;
  const std::string kept = directory.path() + "/kept";
  const std::string path = directory.path() + "/deleted";
  const int fd = OpenNew(path);
  REQUIRE(fd >= 0);
  // Mostly a hole.
  REQUIRE(::ftruncate(fd, 16 << 20) == 0);
  const std::string data(40'000, 'x');
  REQUIRE(::pwrite(fd, data.data(), data.size(), 1 << 20) == 40'000);
  REQUIRE(::fsync(fd) == 0);
  const uint64_t allocated = AllocatedBytes(path);
  REQUIRE(allocated > 0);
  REQUIRE(allocated < 16 << 20);
  REQUIRE(::link(path.c_str(), kept.c_str()) == 0);
  const auto hold = Only([&] {
    ::open(path.c_str(), O_RDONLY);
    ::open(kept.c_str(), O_RDONLY);
  });
  const WaitingProcess one(hold);
  const WaitingProcess two(hold);
  ::close(fd);
  const procfs::ProcFs fs;
  ProcessTree tree = TreeOf({SampleOf(fs, one.pid())},
                            {SampleOf(fs, two.pid()), SampleOf(fs, one.pid())});
  OpenFilesCollector collector;

  // While there is another name the file would not be freed.
  REQUIRE(::unlink(path.c_str()) == 0);
  auto usage = Collect(collector, fs, tree).snapshot.open_files->usage;
  CHECK(usage.main.by_kind == Kinds{2});
  CHECK(usage.main.deleted_bytes == 0U);
  CHECK(usage.children.deleted_bytes == 0U);

  // Without one it is held until it is closed, by whoever has it open: that is
  // seen although none of them ran.
  REQUIRE(::unlink(kept.c_str()) == 0);
  tree.generation = 2;
  usage = Collect(collector, fs, tree).snapshot.open_files->usage;
  CHECK(usage.main.by_kind == Kinds{0, 2});
  CHECK(usage.children.by_kind == Kinds{0, 4});
  CHECK(usage.main.deleted_bytes == allocated);
  CHECK(usage.children.deleted_bytes == allocated);
}

TEST_CASE("open_files: the limit is that of the process nearest to its own") {
  const auto with_limit = [](rlim_t soft, int descriptors) {
    return Only([=] {
      const rlimit limit{soft, 1000};
      if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) ::_exit(1);
      for (int i = 0; i < descriptors; ++i) ::open("/dev/null", O_RDONLY);
    });
  };
  const WaitingProcess roomy(with_limit(900, 40));
  const WaitingProcess tight(with_limit(50, 20));
  const WaitingProcess idle(with_limit(20, 1));
  const procfs::ProcFs fs;
  OpenFilesCollector collector;
  const auto run =
      Collect(collector, fs,
              TreeOf({SampleOf(fs, roomy.pid())},
                     {SampleOf(fs, idle.pid()), SampleOf(fs, tight.pid()),
                      SampleOf(fs, roomy.pid())}));
  REQUIRE(run.success);
  const auto& usage = run.snapshot.open_files->usage;
  CHECK(usage.main.limit == 900U);
  CHECK(usage.children.limit == 50U);
  // Twenty of its own, and what it was started with.
  CHECK(usage.children.limit_ratio.value_or(0) >= 20.0 / 50);
  CHECK(usage.children.limit_ratio.value_or(1) < 1);
  CHECK(usage.children.by_kind == Kinds{0, 0, 0, 0, 0, 61, 0, 0});
}

TEST_CASE("open_files: a recorded tree's limits come from its own files") {
  const FakeProc proc;
  proc.Write(::getpid(), "limits", "Max open files            77   88 files\n");
  std::filesystem::create_directories(proc.root() + "/" +
                                      std::to_string(::getpid()) + "/fd");
  std::filesystem::create_symlink(
      "/", proc.root() + "/" + std::to_string(::getpid()) + "/exe");
  OpenFilesCollector collector;
  const auto run =
      Collect(collector, proc.fs(), TreeOf({SampleOf(proc.fs(), ::getpid())}));
  REQUIRE(run.success);
  CHECK(run.errors.empty());
  CHECK(run.snapshot.open_files->usage.main.limit == 77U);
  CHECK(run.snapshot.open_files->usage.main.by_kind == Kinds{});
}

TEST_CASE("open_files: a child without files is read again once it ran") {
  const FakeProc proc;
  proc.Write(7, "limits", "Max open files            10   10 files\n");
  const std::string fd = proc.root() + "/7/fd";
  std::filesystem::create_directories(fd);
  std::filesystem::create_symlink("/", proc.root() + "/7/exe");
  std::filesystem::create_symlink("/dev/null", fd + "/0");
  ProcessTree tree = TreeOf({}, {SampleOf(proc.fs(), 7)});
  OpenFilesCollector collector;
  const auto devices = [&] {
    const auto run = Collect(collector, proc.fs(), tree);
    REQUIRE(run.success);
    return run.snapshot.open_files->usage.children.by_kind.value()[5];
  };
  ProcessSample& child = tree.descendants[0];
  tree.generation = 4;
  child.last_run_generation = 3;
  CHECK(devices() == 1);
  std::filesystem::create_symlink("/dev/null", fd + "/1");
  tree.generation = 5;
  CHECK(devices() == 1);
  // It ran in a discovery that asked for other collectors.
  tree.generation = 7;
  child.last_run_generation = 6;
  CHECK(devices() == 2);

  // Forgotten once it is not there for a discovery.
  const auto children = tree.descendants;
  tree.descendants.clear();
  tree.generation = 8;
  CHECK_FALSE(Collect(collector, proc.fs(), tree)
                  .snapshot.open_files->usage.children.by_kind);
  std::filesystem::create_symlink("/dev/null", fd + "/2");
  tree.descendants = children;
  tree.generation = 9;
  CHECK(devices() == 3);
}

TEST_CASE(
    "open_files: a descriptor that cannot be told is other, and counted") {
  const FakeProc proc;
  proc.Write(7, "limits", "Max open files            x\n");
  const std::string fd = proc.root() + "/7/fd";
  std::filesystem::create_directories(fd);
  std::filesystem::create_symlink("/", proc.root() + "/7/exe");
  std::filesystem::create_symlink("0", fd + "/0");
  std::filesystem::create_symlink("1", fd + "/1");
  OpenFilesCollector collector;
  const auto run =
      Collect(collector, proc.fs(), TreeOf({SampleOf(proc.fs(), 7)}));
  REQUIRE(run.success);
  CHECK(run.snapshot.open_files->usage.main.by_kind ==
        Kinds{0, 0, 0, 0, 0, 0, 0, 2});
  CHECK_FALSE(run.snapshot.open_files->usage.main.limit);
  CHECK(run.causes() == std::vector<std::string>{"io 2", "malformed 1"});

  // Of a child that does not run either, every discovery says so again.
  ProcessTree tree = TreeOf({}, {SampleOf(proc.fs(), 7)});
  for (tree.generation = 2; tree.generation < 5; ++tree.generation) {
    CHECK(Collect(collector, proc.fs(), tree).causes() == run.causes());
  }
}

TEST_CASE("open_files: a million files are counted, but not all remembered") {
  const FakeProc proc;
  proc.Write(7, "limits", "Max open files            unlimited 1 files\n");
  const std::string fd = proc.root() + "/7/fd/";
  std::filesystem::create_directories(fd);
  std::filesystem::create_symlink("/", proc.root() + "/7/exe");
  const std::string file = proc.root() + "/7/limits";
  constexpr size_t kFiles = kMostOpenFiles + 1;
  for (size_t i = 0; i < kFiles; ++i) {
    if (::symlink(file.c_str(), (fd + std::to_string(i)).c_str()) != 0) {
      FAIL("symlink: " << i);
    }
  }
  OpenFilesCollector collector;
  const auto run =
      Collect(collector, proc.fs(), TreeOf({SampleOf(proc.fs(), 7)}));
  REQUIRE(run.success);
  const OpenFilesSnapshot& files = *run.snapshot.open_files;
  CHECK(files.usage.main.by_kind == Kinds{kFiles});
  CHECK_FALSE(files.usage.main.deleted_bytes);
  CHECK_FALSE(files.usage.main.limit);
  CHECK(files.processes.at(0).paths == std::vector<std::string>{file});
  CHECK(run.causes() == std::vector<std::string>{"limit 1"});
}

TEST_CASE(
    "open_files: what children have open is kept as far as there is room") {
  const FakeProc proc;
  const auto add = [&proc](pid_t pid, size_t files) {
    proc.Write(pid, "limits", "Max open files            unlimited 1 files\n");
    const std::string path = proc.root() + "/" + std::to_string(pid);
    std::filesystem::create_directories(path + "/fd");
    std::filesystem::create_symlink("/", path + "/exe");
    for (size_t i = 0; i < files; ++i) {
      const std::string link = path + "/fd/" + std::to_string(i);
      if (::symlink((proc.root() + "/1/limits").c_str(), link.c_str()) != 0) {
        FAIL("symlink: " << i);
      }
    }
    return SampleOf(proc.fs(), pid);
  };
  // As many as are kept of one child, of one child too many.
  constexpr size_t kFiles = 256;
  constexpr pid_t kChildren = kMostOpenFiles / kFiles + 1;
  ProcessTree tree;
  tree.generation = 1;
  for (pid_t pid = 1; pid <= kChildren; ++pid) {
    tree.descendants.push_back(add(pid, kFiles));
  }
  OpenFilesCollector collector;
  const Kinds all{kFiles * kChildren};
  auto run = Collect(collector, proc.fs(), tree);
  CHECK(run.snapshot.open_files->usage.children.by_kind == all);
  // What is kept is believed, as these processes do not run and their file is
  // the first one's. The rest is read.
  for (pid_t pid = 2; pid <= kChildren; ++pid) {
    std::filesystem::remove(proc.root() + "/" + std::to_string(pid) + "/fd/0");
  }
  ++tree.generation;
  run = Collect(collector, proc.fs(), tree);
  CHECK(run.snapshot.open_files->usage.children.by_kind ==
        Kinds{kFiles * kChildren - 1});
}

TEST_CASE("open_files: what there was no time for is absent") {
  const WaitingProcess child;
  const procfs::ProcFs fs;
  OpenFilesCollector collector;
  const auto run =
      Collect(collector, fs,
              TreeOf({SampleOf(fs, child.pid())}, {SampleOf(fs, child.pid())}),
              /*in_time=*/false);
  CHECK_FALSE(run.success);
  CHECK_FALSE(run.snapshot.open_files);
  CHECK(run.causes() == std::vector<std::string>{"timeout 2"});
}

TEST_CASE("open_files: zombies and vanished processes are no failures") {
  WaitingProcess zombie;
  WaitingProcess vanished;
  const procfs::ProcFs fs;
  const ProcessTree tree =
      TreeOf({SampleOf(fs, vanished.pid())},
             {SampleOf(fs, zombie.pid()), SampleOf(fs, zombie.pid(), 'Z')});
  zombie.MakeZombie();
  vanished.Reap();
  OpenFilesCollector collector;
  const auto run = Collect(collector, fs, tree);
  CHECK(run.success);
  CHECK(run.errors.empty());
  REQUIRE(run.snapshot.open_files);
  CHECK(run.snapshot.open_files->processes.empty());
  CHECK_FALSE(run.snapshot.open_files->usage.main.by_kind);
  CHECK_FALSE(run.snapshot.open_files->usage.children.by_kind);
}

}  // namespace
}  // namespace leak_exporter
