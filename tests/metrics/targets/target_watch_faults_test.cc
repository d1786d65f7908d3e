#include <sys/types.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "metrics/targets/target_watch.h"
#include "tests/catch.h"
#include "tests/fake_clock.h"
#include "tests/fake_tree.h"
#include "tests/fault_injection.h"

/// The search for a target's processes by each way that it can take, while one
/// system call after another fails.
namespace leak_exporter {
namespace {

using std::chrono::seconds;

constexpr pid_t kMain = 100;

/// A main process with children, and a matching one below it.
class Machine {
 public:
  explicit Machine(bool lists_children) {
    tree_[1].parent = 0;
    for (const pid_t pid : {kMain, 101, 102, 103, 104}) {
      tree_[pid].parent = kMain;
    }
    tree_[kMain].parent = 1;
    tree_[kMain].comm = "main";
    tree_[kMain].threads = 2;
    tree_[103].parent = 101;
    tree_[104].parent = 103;
    tree_[104].comm = "main";
    tree_[200].comm = "other";
    tree_.Sync();
    tree_.WriteSelf();
    if (!lists_children) RemoveLists();
  }

  const FakeTree& tree() const { return tree_; }

 private:
  void RemoveLists() const {
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(tree_.root())) {
      if (entry.path().filename() == "children") {
        std::filesystem::remove(entry.path());
      }
    }
  }

  FakeTree tree_;
};

/// The processes and their main processes, and what was counted.
struct Found {
  std::string tree;
  std::vector<CollectorError> errors;
};

Found FoundBy(const TargetWatch::Discovery& discovery) {
  std::vector<std::string> lines;
  const auto add = [&](const ProcessSample& sample) {
    lines.push_back(std::to_string(sample.pid()) + " of " +
                    std::to_string(sample.main_pid) + " " + sample.status.name +
                    "\n");
  };
  std::for_each(discovery.tree.main.begin(), discovery.tree.main.end(), add);
  std::for_each(discovery.tree.descendants.begin(),
                discovery.tree.descendants.end(), add);
  std::sort(lines.begin(), lines.end());
  Found found;
  for (const std::string& line : lines) found.tree += line;
  found.errors = discovery.errors.errors();
  return found;
}

/// How many discoveries come before the one with the fault.
constexpr int kFirst = 0;
constexpr int kSecond = 1;

/// A discovery with a fault, and the next.
struct Run {
  Found with_fault;
  Found after;
  size_t calls = 0;
  std::string place;
  pid_t victim = 0;
};

Run RunWith(const Machine& machine, const config::MatchConfig& rules,
            int discoveries_before, const CallFault& fault = {},
            size_t at = FaultInjection::kNowhere) {
  config::TargetConfig target;
  target.match = rules;
  FakeClock clock(seconds(1000));
  TargetWatch watch(target, machine.tree().fs());
  const auto measure = [&] {
    return FoundBy(watch.Measure(clock, Deadline::After(clock, seconds(10))));
  };
  for (int i = 0; i < discoveries_before; ++i) measure();
  Run run;
  {
    const FaultInjection injection({machine.tree().root()}, clock, fault, at);
    run.with_fault = measure();
    run.calls = injection.calls();
    run.place = injection.place();
    run.victim = injection.victim();
  }
  run.after = measure();
  return run;
}

/// Calls `check` for each way of finding processes and for each call.
template <typename Check>
void AtEachCall(const CallFault& fault, int before, const Check& check) {
  config::MatchConfig by_pid;
  by_pid.pids = {kMain};
  config::MatchConfig by_comm;
  by_comm.comms = {"main"};
  config::MatchConfig by_arguments;
  by_arguments.comms = {"main"};
  by_arguments.users = {"0"};
  by_arguments.cmdlines = {"^$"};
  for (const bool lists_children : {true, false}) {
    const Machine machine(lists_children);
    for (const auto& rules : {by_pid, by_comm, by_arguments}) {
      const Run undisturbed = RunWith(machine, rules, before);
      REQUIRE(undisturbed.with_fault.errors.empty());
      REQUIRE(undisturbed.with_fault.tree.find("103 of 100") !=
              std::string::npos);
      for (size_t at = 0; at < undisturbed.calls; ++at) {
        const Run run = RunWith(machine, rules, before, fault, at);
        if (run.place.empty()) continue;
        INFO((lists_children ? "" : "without lists, ")
             << fault.name << " at " << at << ": " << run.place);
        check(run, undisturbed.with_fault);
      }
    }
  }
}

void CheckFailure(const Run& run, const Found& undisturbed, ErrorCause cause) {
  const Found& found = run.with_fault;
  INFO(found.tree);
  if (found.tree != undisturbed.tree) CHECK_FALSE(found.errors.empty());
  for (const CollectorError& error : found.errors) {
    INFO(error.message);
    CHECK(NameOf(error.cause) == NameOf(cause));
  }
  // Who may not be judged is not judged in every discovery.
  if (cause == ErrorCause::kPermission && !run.after.errors.empty()) return;
  CHECK(run.after.tree == undisturbed.tree);
  CHECK(run.after.errors.empty());
}

TEST_CASE("faults in a search: who is not found is an error, and found again") {
  struct Case {
    const char* name;
    int code;
    ErrorCause cause;
  };
  const Case c = GENERATE(Case{"EACCES", EACCES, ErrorCause::kPermission},
                          Case{"EIO", EIO, ErrorCause::kIo},
                          Case{"ENOMEM", ENOMEM, ErrorCause::kLimit},
                          Case{"EMFILE", EMFILE, ErrorCause::kLimit});
  const bool for_good = GENERATE(false, true);
  const int before = GENERATE(kFirst, kSecond);
  AtEachCall({.name = c.name, .code = c.code, .for_good = for_good}, before,
             [&](const Run& run, const Found& undisturbed) {
               CheckFailure(run, undisturbed, c.cause);
             });
}

TEST_CASE("faults in a search: past the deadline it is said") {
  const int before = GENERATE(kFirst, kSecond);
  AtEachCall({.name = "slow", .duration = seconds(11)}, before,
             [&](const Run& run, const Found& undisturbed) {
               CheckFailure(run, undisturbed, ErrorCause::kTimeout);
             });
}

TEST_CASE("faults in a search: short reads and interruptions change nothing") {
  const CallFault fault =
      GENERATE(CallFault{.name = "interruption", .code = EINTR},
               CallFault{.name = "short read", .cut = true});
  AtEachCall(fault, kSecond, [](const Run& run, const Found& undisturbed) {
    CHECK(run.with_fault.tree == undisturbed.tree);
    CHECK(run.with_fault.errors.empty());
    CHECK(run.after.tree == undisturbed.tree);
  });
}

bool IsBelow(pid_t pid, pid_t ancestor) {
  const std::map<pid_t, pid_t> parents = {
      {101, kMain}, {102, kMain}, {103, 101}, {104, 103}};
  const auto parent = parents.find(pid);
  return pid == ancestor ||
         (parent != parents.end() && IsBelow(parent->second, ancestor));
}

TEST_CASE("faults in a search: who dies is no error, and nobody else's end") {
  const CallFault fault = GENERATE(CallFault{.name = "death", .death = true},
                                   CallFault{.name = "ENOENT", .code = ENOENT},
                                   CallFault{.name = "ESRCH", .code = ESRCH});
  AtEachCall(fault, kSecond, [](const Run& run, const Found& undisturbed) {
    const Found& found = run.with_fault;
    if (!found.errors.empty()) FAIL_CHECK(found.errors.front().message);
    CHECK(run.after.errors.empty());
    std::istringstream lines(undisturbed.tree);
    for (std::string line; std::getline(lines, line);) {
      if (IsBelow(std::stoi(line), run.victim)) continue;
      INFO(line);
      CHECK(found.tree.find(line) != std::string::npos);
    }
  });
}

}  // namespace
}  // namespace leak_exporter
