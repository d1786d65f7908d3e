#include "metrics/collectors/support/target_roots.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "metrics/base/clock.h"
#include "metrics/base/deadline.h"
#include "tests/catch.h"
#include "tests/fake_proc.h"
#include "tests/in_child.h"
#include "tests/scratch_directory.h"

namespace leak_exporter {
namespace {

namespace fs = std::filesystem;

/// Made-up processes with the links that tell of their roots.
class Machine {
 public:
  procfs::ProcessHandle Add(pid_t pid, const std::string& root,
                            const std::string& mounts = "mnt:[1]") {
    proc.Write(pid, "mountinfo", std::to_string(pid) + " 1 0:1 / / rw - x x\n");
    const std::string directory = proc.root() + "/" + std::to_string(pid);
    fs::create_directory(directory + "/ns");
    fs::create_symlink(mounts, directory + "/ns/mnt");
    if (!root.empty()) fs::create_symlink(root, directory + "/root");
    return proc.Open(pid);
  }

  FakeProc proc;
  procfs::ProcFs fs_ = proc.fs();
  SystemClock clock;
  Deadline deadline = Deadline::Never(clock);
  TargetRoots roots{fs_, deadline};
};

TEST_CASE("target_roots: one that shares this program's root") {
  Machine machine;
  // A link that leads nowhere: it is not needed.
  const auto process = machine.Add(7, "/nowhere");
  machine.proc.Write("self/mountinfo", "7 1 0:1 / / rw - x x\n");
  const auto root = machine.roots.Find(process);
  REQUIRE(root);
  CHECK((*root)->own());
}

TEST_CASE("target_roots: another root is the directory that its link names") {
  const ScratchDirectory directory;
  std::ofstream(directory.path() + "/file") << "inside";
  Machine machine;
  const auto process = machine.Add(7, directory.path());
  const auto root = machine.roots.Find(process);
  REQUIRE(root);
  CHECK_FALSE((*root)->own());
  CHECK((*root)->Open("/file", O_RDONLY));
  CHECK((*root)->Open("/etc", O_PATH).error().code == ENOENT);
}

TEST_CASE("target_roots: a root that cannot be had is an error") {
  Machine machine;
  const auto none = machine.roots.Find(machine.Add(7, ""));
  REQUIRE_FALSE(none);
  CHECK(none.error().code == ENOENT);
  CHECK(none.error().message ==
        machine.proc.root() + "/7/root: No such file or directory");
}

TEST_CASE("target_roots: where it is a question of rights, which is said") {
  const ScratchDirectory directory;
  fs::create_directories(directory.path() + "/closed/root");
  fs::permissions(directory.path(), fs::perms::all);
  fs::permissions(directory.path() + "/closed", fs::perms::none);
  Machine machine;
  fs::permissions(machine.proc.root(), fs::perms::all);
  const auto process = machine.Add(7, directory.path() + "/closed/root");
  const std::string text = InChild([&] {
    constexpr uid_t kNobody = 65'534;
    if (::geteuid() == 0 && ::setresuid(kNobody, kNobody, kNobody) != 0) {
      return std::string("setresuid");
    }
    const auto root = machine.roots.Find(process);
    return root
               ? std::string("found")
               : std::to_string(root.error().code) + " " + root.error().message;
  });
  fs::permissions(directory.path() + "/closed", fs::perms::owner_all);
  CHECK(text == std::to_string(EACCES) + " " + machine.proc.root() +
                    "/7/root: Permission denied (CAP_SYS_PTRACE is needed)");
}

TEST_CASE("target_roots: what is kept serves those who have the same root") {
  const ScratchDirectory directory;
  Machine machine;
  const auto first = machine.Add(7, directory.path());
  const auto same = machine.Add(8, directory.path());
  const auto other_mounts = machine.Add(9, directory.path(), "mnt:[2]");
  CHECK(*machine.roots.Find(first) != *machine.roots.Find(same));
  machine.roots.Keep(first);
  const auto root = *machine.roots.Find(first);
  CHECK(*machine.roots.Find(same) == root);
  CHECK(*machine.roots.Find(other_mounts) != root);
  // Also once the one it was kept for is gone.
  fs::remove_all(machine.proc.root() + "/7");
  CHECK(*machine.roots.Find(first) == root);
  CHECK(*machine.roots.Find(same) == root);
}

TEST_CASE("target_roots: why a root cannot be had is kept too") {
  Machine machine;
  const auto process = machine.Add(7, "");
  machine.roots.Keep(process);
  fs::create_symlink("/", machine.proc.root() + "/7/root");
  CHECK(machine.roots.Find(process).error().code == ENOENT);
}

TEST_CASE("target_roots: no more than 64 are kept") {
  Machine machine;
  std::vector<procfs::ProcessHandle> processes;
  for (pid_t pid = 100; pid < 165; ++pid) {
    processes.push_back(
        machine.Add(pid, "/", "mnt:[" + std::to_string(pid) + "]"));
    machine.roots.Keep(processes.back());
  }
  CHECK(*machine.roots.Find(processes[63]) ==
        *machine.roots.Find(processes[63]));
  CHECK(*machine.roots.Find(processes[64]) !=
        *machine.roots.Find(processes[64]));
}

TEST_CASE("target_roots: a path as the process sees it") {
  struct Case {
    std::string root;
    std::string cwd;
    std::string seen;
  };
  pid_t pid = 7;
  Machine machine;
  for (const Case& expected : {
           Case{"/", "/tmp/job", "/tmp/job"},
           Case{"/jail", "/jail/tmp/job", "/tmp/job"},
           Case{"/jail", "/jail", "/"},
           Case{"/jail", "/jailbreak", "/jailbreak"},
           Case{"/jail", "/jail/jail/x", "/jail/x"},
           Case{"/jail", "/elsewhere", "/elsewhere"},
           Case{"", "/jail/tmp", "/jail/tmp"},
           Case{"/jail", "/jail/a\nb\xff (deleted)", "/a\nb\xff (deleted)"},
       }) {
    CAPTURE(expected.root, expected.cwd);
    const auto process = machine.Add(++pid, expected.root);
    fs::create_symlink(expected.cwd, process.Path("cwd"));
    CHECK(ReadSeenPath(process, "cwd").value() == expected.seen);
  }
  const auto without = machine.Add(++pid, "/");
  REQUIRE_FALSE(ReadSeenPath(without, "cwd"));
  CHECK(IsGone(ReadSeenPath(without, "cwd").error()));
}

}  // namespace
}  // namespace leak_exporter
