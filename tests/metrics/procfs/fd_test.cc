#include "metrics/procfs/fd.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "metrics/base/clock.h"
#include "tests/catch.h"
#include "tests/fake_proc.h"
#include "tests/waiting_process.h"

namespace leak_exporter::procfs {
namespace {

struct Seen {
  Descriptor descriptor;
  std::string target;
};

Result<std::vector<Seen>> List(const ProcessHandle& process) {
  const SystemClock clock;
  std::string buffer;
  std::vector<Seen> seen;
  const auto count = ForEachDescriptor(
      process, buffer, Deadline::Never(clock),
      [&](const Result<Descriptor>& descriptor) {
        REQUIRE(descriptor);
        seen.push_back({*descriptor, std::string(descriptor->target)});
      });
  if (!count) return tl::unexpected(count.error());
  CHECK(*count == seen.size());
  return seen;
}

/// A child that has the descriptors that `open` opens, and no other.
class Holder {
 public:
  explicit Holder(const std::function<void()>& open)
      : child_([&] {
          WaitingProcess::CloseStandardStreams();
          open();
        }),
        process_(ProcessHandle::Open(ProcFs(), child_.pid()).value()) {}

  const ProcessHandle& process() const { return process_; }
  WaitingProcess& child() { return child_; }

 private:
  WaitingProcess child_;
  ProcessHandle process_;
};

/// What the child has open of this type, with what there is of one kind.
std::vector<Seen> OfType(const ProcessHandle& process, mode_t type) {
  auto seen = List(process);
  REQUIRE(seen);
  std::erase_if(*seen,
                [&](const Seen& one) { return one.descriptor.type != type; });
  return *seen;
}

std::set<std::string> Targets(const std::vector<Seen>& seen) {
  std::set<std::string> targets;
  for (const Seen& one : seen) targets.insert(one.target);
  return targets;
}

TEST_CASE("fd: the type says what a descriptor refers to") {
  const ScratchDirectory directory;
  const std::string fifo = directory.path() + "/fifo";
  const Holder holder([&] {
    ::open("/dev/null", O_RDWR);
    ::open("/", O_RDONLY | O_DIRECTORY);
    std::array<int, 2> pair{};
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()) != 0) ::_exit(1);
    if (::mkfifo(fifo.c_str(), 0600) != 0) ::_exit(1);
    ::open(fifo.c_str(), O_RDWR);
    ::epoll_create1(0);
    ::eventfd(0, 0);
  });
  const ProcessHandle& process = holder.process();
  CHECK(OfType(process, S_IFCHR).size() == 1);
  CHECK(OfType(process, S_IFDIR).size() == 1);
  CHECK(OfType(process, S_IFSOCK).size() == 2);
  CHECK(OfType(process, S_IFIFO).size() == 1);
  CHECK(
      Targets(OfType(process, 0)) ==
      std::set<std::string>{"anon_inode:[eventfd]", "anon_inode:[eventpoll]"});
}

TEST_CASE("fd: a deleted file has no links, and holds its blocks") {
  const ScratchDirectory directory;
  const std::string path = directory.path() + "/file";
  const std::string named_so = directory.path() + "/not (deleted)";
  const std::string linked = directory.path() + "/linked";
  constexpr int kFirst = 0;
  const Holder holder([&] {
    // A hole of a megabyte around two blocks of data.
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT, 0600);
    const std::string data(8192, 'x');
    if (::ftruncate(fd, 1 << 20) != 0) ::_exit(1);
    if (::pwrite(fd, data.data(), data.size(), 65536) < 0) ::_exit(1);
    ::fsync(fd);
    ::unlink(path.c_str());
    ::open(named_so.c_str(), O_RDWR | O_CREAT, 0600);
    ::open(linked.c_str(), O_RDWR | O_CREAT, 0600);
    if (::link(linked.c_str(), (linked + "2").c_str()) != 0) ::_exit(1);
    ::unlink(linked.c_str());
  });
  const auto files = OfType(holder.process(), S_IFREG);
  CHECK(Targets(files) == std::set<std::string>{path + " (deleted)", named_so,
                                                linked + " (deleted)"});
  for (const Seen& file : files) {
    CAPTURE(file.target);
    const bool deleted = file.target == path + " (deleted)";
    CHECK(file.descriptor.links == (deleted ? 0 : 1));
    if (deleted) {
      const std::string link =
          holder.process().Path("fd/" + std::to_string(kFirst));
      struct stat held {};
      REQUIRE(::stat(link.c_str(), &held) == 0);
      CHECK(file.descriptor.allocated_bytes ==
            static_cast<uint64_t>(held.st_blocks) * 512);
      CHECK(file.descriptor.allocated_bytes >= 8192);
      CHECK(file.descriptor.allocated_bytes < 1 << 20);
    }
    struct stat status {};
    if (file.target == named_so) {
      REQUIRE(::stat(named_so.c_str(), &status) == 0);
      CHECK(file.descriptor.inode == status.st_ino);
      CHECK(file.descriptor.device == status.st_dev);
    }
    CHECK(IsNameOf(holder.process(), file.target, file.descriptor) ==
          (file.target == named_so));
  }
}

TEST_CASE("fd: one descriptor can be looked at again") {
  const ScratchDirectory directory;
  const std::string path = directory.path() + "/file";
  const Holder holder([&] { ::open(path.c_str(), O_RDWR | O_CREAT, 0600); });
  const auto seen = List(holder.process());
  REQUIRE(seen);
  REQUIRE(seen->size() == 1);
  const Descriptor& before = seen->front().descriptor;
  CHECK(before.number == 0);
  CHECK(before.links == 1);
  REQUIRE(::unlink(path.c_str()) == 0);
  const auto after = StatDescriptor(holder.process(), before.number);
  REQUIRE(after);
  CHECK(after->number == 0);
  CHECK(after->type == S_IFREG);
  CHECK(after->inode == before.inode);
  CHECK(after->device == before.device);
  CHECK(after->links == 0);
  // The same without a descriptor of /proc/PID, by path.
  const auto by_path = ProcessHandle::Open(ProcFs(), holder.process().pid(),
                                           ProcessHandle::Keep::kNothing);
  REQUIRE(by_path);
  CHECK(StatDescriptor(*by_path, before.number)->inode == before.inode);
  CHECK(List(*by_path)->size() == 1);
  const auto closed = StatDescriptor(holder.process(), 1);
  REQUIRE_FALSE(closed);
  CHECK(IsGone(closed.error()));
}

TEST_CASE("fd: memory files and namespaces are told by their text") {
  const Holder holder([] {
    ::memfd_create("secret (deleted)", 0);
    ::open("/proc/self/ns/net", O_RDONLY);
  });
  const auto files = OfType(holder.process(), S_IFREG);
  REQUIRE(files.size() == 2);
  for (const Seen& file : files) {
    if (file.target.starts_with('/')) {
      CHECK(file.target == "/memfd:secret (deleted) (deleted)");
      CHECK(file.descriptor.links == 0);
    } else {
      CHECK(file.target ==
            std::filesystem::read_symlink("/proc/self/ns/net").string());
    }
  }
}

TEST_CASE("fd: more descriptors than one buffer holds") {
  constexpr int kCopies = 3000;
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  REQUIRE(limit.rlim_max > kCopies + 100);
  const Holder holder([&] {
    limit.rlim_cur = limit.rlim_max;
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) ::_exit(1);
    const int null = ::open("/dev/null", O_RDWR);
    for (int i = 1; i < kCopies; ++i) {
      if (::dup(null) < 0) ::_exit(1);
    }
  });
  CHECK(OfType(holder.process(), S_IFCHR).size() == kCopies);
}

TEST_CASE("fd: a process without any is not one that is gone") {
  const Holder holder([] {});
  const auto seen = List(holder.process());
  REQUIRE(seen);
  CHECK(seen->empty());
}

TEST_CASE("fd: what the kernel refuses is a permission error, not 0 files") {
  // Another user's process: with rights to give up, a child that gave them up
  // looks at this one; without, init is looked at.
  const bool root = ::geteuid() == 0;
  const pid_t other = root ? ::getpid() : 1;
  const pid_t observer = ::fork();
  REQUIRE(observer >= 0);
  if (observer == 0) {
    constexpr uid_t kNobody = 65534;
    if (root && ::setresuid(kNobody, kNobody, kNobody) != 0) ::_exit(2);
    const auto process = ProcessHandle::Open(ProcFs(), other);
    if (!process) ::_exit(3);
    const auto seen = List(*process);
    ::_exit(!seen && IsPermission(seen.error()) ? 0 : 4);
  }
  int status = 0;
  REQUIRE(::waitpid(observer, &status, 0) == observer);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("fd: zombies and reaped processes are gone, not without files") {
  Holder holder([] {});
  CHECK(List(holder.process()));
  holder.child().MakeZombie();
  const auto zombie = List(holder.process());
  REQUIRE_FALSE(zombie);
  CHECK(IsGone(zombie.error()));
  holder.child().Reap();
  const auto gone = List(holder.process());
  REQUIRE_FALSE(gone);
  CHECK(IsGone(gone.error()));
}

TEST_CASE("fd: past the deadline it ends with a timeout") {
  const Holder holder([] {});
  const SystemClock clock;
  std::string buffer;
  const auto count = ForEachDescriptor(
      holder.process(), buffer,
      Deadline(clock, std::chrono::steady_clock::time_point()),
      [](const Result<Descriptor>&) {});
  REQUIRE_FALSE(count);
  CHECK(count.error().code == ETIMEDOUT);
}

TEST_CASE("fd: a descriptor that leads nowhere is one of an unknown kind") {
  // A looping link stands in for whatever fails but does not vanish.
  const FakeProc proc;
  proc.Write(7, "fd/3", "");
  std::filesystem::create_symlink("4", proc.root() + "/7/fd/4");
  std::filesystem::create_symlink("nowhere", proc.root() + "/7/fd/5");
  std::filesystem::create_symlink("/", proc.root() + "/7/exe");
  const SystemClock clock;
  std::string buffer;
  std::vector<std::string> failures;
  const auto count =
      ForEachDescriptor(proc.Open(7), buffer, Deadline::Never(clock),
                        [&](const Result<Descriptor>& descriptor) {
                          if (!descriptor)
                            failures.push_back(descriptor.error().message);
                        });
  REQUIRE(count);
  // 3 is no link here, which is an error too; 5 was closed meanwhile.
  CHECK(*count == 2);
  CHECK(failures.size() == 2);
  CHECK_THAT(failures.front() + failures.back(),
             ContainsSubstring("/7/fd/4: Too many levels of symbolic links"));
}

}  // namespace
}  // namespace leak_exporter::procfs
