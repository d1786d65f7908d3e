#include "metrics/procfs/pids.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "tests/catch.h"
#include "tests/fake_proc.h"

namespace leak_exporter::procfs {
namespace {

std::vector<pid_t> PidsOf(const Result<std::vector<NumberedEntry>>& entries) {
  std::vector<pid_t> pids;
  for (const NumberedEntry& entry : entries.value()) {
    pids.push_back(entry.number);
  }
  return pids;
}

TEST_CASE("pids: only names that are numbers are processes") {
  const FakeProc proc;
  for (const char* name : {"1/stat", "4306/stat", "self/x", "12x/y", "-3/y",
                           "99999999999/y", "uptime"}) {
    proc.Write(name, "");
  }
  std::vector<pid_t> pids = PidsOf(ListPids(proc.fs()));
  std::sort(pids.begin(), pids.end());
  CHECK(pids == std::vector<pid_t>{1, 4306});
}

TEST_CASE("pids: more entries than wanted are an error") {
  const FakeProc proc;
  for (const char* name : {"1/stat", "2/stat", "3/stat"}) proc.Write(name, "");
  const auto list = [&](size_t most) {
    UniqueFd directory(::open(proc.root().c_str(), O_RDONLY | O_DIRECTORY));
    return ListNumbers(std::move(directory), "/proc", most);
  };
  CHECK(list(3)->size() == 3);
  const auto more = list(2);
  REQUIRE_FALSE(more);
  CHECK(more.error().code == EFBIG);
  CHECK(more.error().message == "/proc: more than 2 entries");
}

TEST_CASE("pids: the kernel's own list holds the reader") {
  const std::vector<pid_t> pids = PidsOf(ListPids(ProcFs()));
  CHECK(std::count(pids.begin(), pids.end(), ::getpid()) == 1);
}

TEST_CASE("pids: the inode number tells a process that stays") {
  const auto inode_of = [](pid_t pid) {
    const auto entries = ListPids(ProcFs());
    REQUIRE(entries);
    for (const NumberedEntry& entry : *entries) {
      if (entry.number == pid) return entry.inode;
    }
    return uint64_t{0};
  };
  const uint64_t own = inode_of(::getpid());
  CHECK(own != 0);
  CHECK(own != inode_of(::getppid()));
  CHECK(own == inode_of(::getpid()));
}

TEST_CASE("pids: a proc filesystem that is not there is an error") {
  const auto listed = ListPids(ProcFs("/nowhere"));
  REQUIRE_FALSE(listed);
  CHECK(listed.error().code == ENOENT);
  CHECK(listed.error().message == "/nowhere: No such file or directory");
}

TEST_CASE("pids: who exists and is not shown is hidden, if pid 1 is too") {
  const FakeProc hidden;
  hidden.Write("self/stat", "");
  CHECK(IsHidden(hidden.fs(), ::getpid()));
  const FakeProc shown;
  shown.Write("self/stat", "");
  shown.Write("1/stat", "");
  CHECK_FALSE(IsHidden(shown.fs(), ::getpid()));
}

TEST_CASE("pids: nobody is hidden in another pid namespace's filesystem") {
  const FakeProc other;
  CHECK_FALSE(IsHidden(other.fs(), ::getpid()));
}

}  // namespace
}  // namespace leak_exporter::procfs
