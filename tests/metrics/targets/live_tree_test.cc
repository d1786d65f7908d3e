// Real processes, compared with what psutil says of them.

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <functional>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "config/config.h"
#include "metrics/base/clock.h"
#include "metrics/base/deadline.h"
#include "metrics/base/unique_fd.h"
#include "metrics/targets/target_watch.h"
#include "tests/catch.h"
#include "tests/command_output.h"
#include "tests/in_child.h"
#include "tests/scratch_directory.h"

namespace leak_exporter {
namespace {

config::TargetConfig TargetOf(pid_t pid) {
  config::TargetConfig target;
  target.match.pids = {pid};
  return target;
}

/// A live process that is talked with by lines.
class Program {
 public:
  explicit Program(std::vector<std::string> arguments)
      : Program([&](int output, int input) {
          ::dup2(input, STDIN_FILENO);
          ::dup2(output, STDOUT_FILENO);
          std::vector<char*> argv;
          for (std::string& argument : arguments) {
            argv.push_back(argument.data());
          }
          argv.push_back(nullptr);
          ::execv(argv[0], argv.data());
        }) {}

  /// Runs `body` in a fork, with descriptors to write to and to read from.
  explicit Program(const std::function<void(int, int)>& body) {
    int input[2];
    int output[2];
    if (::pipe2(input, O_CLOEXEC) != 0 || ::pipe2(output, O_CLOEXEC) != 0) {
      throw std::runtime_error("pipe2 failed");
    }
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      body(output[1], input[0]);
      ::_exit(127);
    }
    ::close(input[0]);
    ::close(output[1]);
    input_.Reset(input[1]);
    output_.Reset(output[0]);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program() {
    input_.Reset();
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  pid_t pid() const { return pid_; }

  std::string ReadLine() const {
    std::string line;
    char byte = 0;
    while (::read(output_.get(), &byte, 1) == 1 && byte != '\n') line += byte;
    return line;
  }
  void WriteLine() const {
    if (::write(input_.get(), "\n", 1) != 1) throw std::runtime_error("write");
  }

 private:
  pid_t pid_ = 0;
  UniqueFd input_;
  UniqueFd output_;
};

/// "PID PPID STATE THREADS START RSS" of each descendant, in order of the pids;
/// the start as seconds after boot.
std::string PsutilDescendants(pid_t pid) {
  return CommandOutput(
      "/usr/bin/python3 -c \"\n"
      "import psutil\n"
      "letters = {'zombie': 'Z', 'stopped': 'T', 'disk-sleep': 'D'}\n"
      "main = psutil.Process(" +
      std::to_string(pid) +
      ")\n"
      "for p in sorted(main.children(recursive=True), key=lambda p: p.pid):\n"
      "    print(p.pid, p.ppid(), letters.get(p.status(), 'S'),\n"
      "          p.num_threads(),\n"
      "          '%.2f' % (p.create_time() - psutil.boot_time()),\n"
      "          p.memory_info().rss)\n"
      "\"");
}

std::string OurDescendants(ProcessTree tree) {
  std::sort(tree.descendants.begin(), tree.descendants.end(),
            [](const ProcessSample& left, const ProcessSample& right) {
              return left.pid() < right.pid();
            });
  std::ostringstream text;
  for (const ProcessSample& sample : tree.descendants) {
    // One that has just been seen off may still be on its way to sleep.
    const char state = sample.status.state == 'R' ? 'S' : sample.status.state;
    char start[32];
    const std::chrono::duration<double> seconds = sample.start_since_boot;
    std::snprintf(start, sizeof start, "%.2f", seconds.count());
    text << sample.pid() << ' ' << sample.status.parent_pid << ' ' << state
         << ' ' << sample.status.threads << ' ' << start << ' '
         << sample.status.resident_bytes.value_or(0) << '\n';
  }
  return text.str();
}

TEST_CASE("live tree: the same processes and numbers as psutil") {
  const Program program({LEAK_TEST_FIXTURES "/make_odd_tree"});
  REQUIRE(program.ReadLine() == std::to_string(program.pid()));
  TargetWatch watch(TargetOf(program.pid()));
  const TargetWatch::Discovery discovery =
      watch.Measure(SystemClock(), Deadline::Never(SystemClock()));
  CHECK(discovery.errors.errors().empty());
  REQUIRE(discovery.tree.main.size() == 1);
  CHECK(discovery.tree.main[0].status.threads == 2);
  CHECK(discovery.tree.descendants.size() == 14);
  const std::string psutil = PsutilDescendants(program.pid());
  CHECK(OurDescendants(discovery.tree) == psutil);
  // By now all sleep, and nothing of this is read from their lists again.
  CHECK(
      OurDescendants(
          watch.Measure(SystemClock(), Deadline::Never(SystemClock())).tree) ==
      psutil);
}

TEST_CASE("live tree: an exec between discoveries is seen") {
  // The shell's own arguments hold the first word only until it calls exec.
  const Program program({"/bin/sh", "-c",
                         "echo ready; read line; exec cat /dev/fd/0 - "
                         "# word-before-exec"});
  REQUIRE(program.ReadLine() == "ready");
  config::TargetConfig before;
  before.match.cmdlines = {"# word-before-exec$"};
  config::TargetConfig after;
  after.match.cmdlines = {"^cat /dev/fd/0 -$"};
  TargetWatch watch_before(before);
  TargetWatch watch_after(after);
  const SystemClock clock;
  REQUIRE(
      watch_before.Measure(clock, Deadline::Never(clock)).tree.main.size() ==
      1);
  REQUIRE(watch_after.Measure(clock, Deadline::Never(clock)).tree.main.empty());
  program.WriteLine();
  const ProcessId id =
      procfs::ProcessHandle::Open(procfs::ProcFs(), program.pid())->id();
  // cat answers what it is written once it runs.
  program.WriteLine();
  REQUIRE(program.ReadLine().empty());
  CHECK(watch_before.Measure(clock, Deadline::Never(clock)).tree.main.empty());
  const ProcessTree tree =
      watch_after.Measure(clock, Deadline::Never(clock)).tree;
  REQUIRE(tree.main.size() == 1);
  CHECK(tree.main[0].handle->id() == id);
}

constexpr int kStable = 200;
constexpr int kEndingBetween = 5;

/// Forks children that stay, with others between them in the kernel's list.
/// These end one by one, from the first on, once a line comes in.
void ForkAndEndSiblings(int ready, int begin) {
  std::vector<pid_t> ending;
  for (int i = 0; i < kStable * (1 + kEndingBetween); ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      for (;;) ::pause();
    }
    if (i % (1 + kEndingBetween) != 0) ending.push_back(child);
  }
  char byte = 0;
  if (::write(ready, "\n", 1) != 1 || ::read(begin, &byte, 1) != 1) return;
  for (const pid_t child : ending) {
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }
  for (;;) ::pause();
}

/// Becomes this user, of whom the kernel shows what it shows of any other.
void BecomeOrdinary(uid_t uid) {
  if (::setresgid(uid, uid, uid) != 0 || ::setresuid(uid, uid, uid) != 0 ||
      ::prctl(PR_SET_DUMPABLE, 1) != 0) {
    ::_exit(1);
  }
}

TEST_CASE("live tree: what hidepid hides is counted, not lost") {
  if (::geteuid() != 0) {
    WARN("not run: mounting a proc filesystem needs root");
    return;
  }
  constexpr uid_t kOurs = 65'534;
  constexpr uid_t kOther = 65'533;
  constexpr uid_t kThird = 65'532;
  const Program parent([](int output, int input) {
    int ready[2];
    int held[2];
    if (::pipe(ready) != 0 || ::pipe(held) != 0) return;
    char byte = 0;
    for (const uid_t uid : {kOurs, kOther}) {
      if (::fork() != 0) continue;
      BecomeOrdinary(uid);
      // Ends with its parent. One user's end sends no signal to another.
      ::close(held[1]);
      if (::write(ready[1], "x", 1) != 1 || ::read(held[0], &byte, 1) != 1) {
        ::_exit(0);
      }
    }
    BecomeOrdinary(kOurs);
    if (::read(ready[0], &byte, 1) != 1 || ::read(ready[0], &byte, 1) != 1 ||
        ::write(output, "\n", 1) != 1 || ::read(input, &byte, 1) != 1) {
      return;
    }
  });
  REQUIRE(parent.ReadLine().empty());
  const ScratchDirectory directory;
  const auto seen_by = [&](uid_t uid, const config::TargetConfig& target) {
    return InChild([&]() -> std::string {
      if (::unshare(CLONE_NEWNS) != 0 ||
          ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
          ::mount("proc", directory.path().c_str(), "proc", 0, "hidepid=2") !=
              0) {
        return "no mount";
      }
      BecomeOrdinary(uid);
      TargetWatch watch(target, procfs::ProcFs(directory.path()));
      const TargetWatch::Discovery discovery =
          watch.Measure(SystemClock(), Deadline::Never(SystemClock()));
      std::string text = std::to_string(discovery.tree.main.size()) + " " +
                         std::to_string(discovery.tree.descendants.size());
      for (const CollectorError& error : discovery.errors.errors()) {
        text += " " + std::string(NameOf(error.cause)) + " " +
                std::to_string(error.count);
      }
      return text;
    });
  };
  CHECK(seen_by(kOurs, TargetOf(parent.pid())) == "1 1 permission 1");
  // To another user the main process is hidden, which is not "no process".
  CHECK(seen_by(kThird, TargetOf(parent.pid())) == "0 0 permission 1");
  config::TargetConfig by_comm;
  by_comm.match.comms = {"no such program"};
  CHECK(seen_by(kThird, by_comm) == "0 0 permission 1");
  CHECK(seen_by(0, by_comm) == "0 0");
}

TEST_CASE("live tree: no child is lost while its siblings end") {
  const Program parent(ForkAndEndSiblings);
  REQUIRE(parent.ReadLine().empty());
  TargetWatch watch(TargetOf(parent.pid()));
  const auto measure = [&] {
    std::set<pid_t> pids;
    for (const auto& sample :
         watch.Measure(SystemClock(), Deadline::Never(SystemClock()))
             .tree.descendants) {
      pids.insert(sample.pid());
    }
    return pids;
  };
  std::set<pid_t> seen_always = measure();
  std::set<pid_t> seen_last = seen_always;
  REQUIRE(seen_last.size() == kStable * (1 + kEndingBetween));
  parent.WriteLine();
  while (seen_last.size() > kStable) {
    seen_last = measure();
    std::erase_if(seen_always,
                  [&](pid_t pid) { return !seen_last.contains(pid); });
  }
  CHECK(seen_last.size() == kStable);
  CHECK(seen_always == seen_last);
}

}  // namespace
}  // namespace leak_exporter
