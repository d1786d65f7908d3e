#include "metrics/targets/selector.h"

#include <chrono>
#include <string>
#include <vector>

#include "metrics/procfs/stat.h"
#include "tests/catch.h"
#include "tests/fake_tree.h"

namespace leak_exporter {
namespace {

using config::MatchConfig;
using std::chrono::nanoseconds;
using std::chrono::seconds;

MatchConfig ByComm(const std::string& comm) {
  MatchConfig rules;
  rules.comms = {comm};
  return rules;
}

MatchConfig ByCmdline(const std::string& pattern) {
  MatchConfig rules;
  rules.cmdlines = {pattern};
  return rules;
}

/// A made-up machine whose process 10 is asked about, in one discovery a call.
class Asked {
 public:
  explicit Asked(const MatchConfig& rules)
      : matcher_(Matcher::Compile(rules).value()), selector_(matcher_, fs_) {}

  bool Matches(nanoseconds since_boot) {
    tree.Sync();
    return MatchesUnsynced(since_boot);
  }
  bool MatchesUnsynced(nanoseconds since_boot) {
    std::string buffer;
    return Matches(
        FoundProcess::Of(10, procfs::ReadStat(fs_, 10, buffer).value()),
        since_boot);
  }
  bool Matches(const FoundProcess& found, nanoseconds since_boot) {
    selector_.BeginGeneration(since_boot);
    errors_ = ErrorTally();
    const bool matches = selector_.Matches(found, errors_);
    selector_.EndGeneration();
    return matches;
  }
  /// A discovery that does not find the process.
  void Miss(nanoseconds since_boot) {
    selector_.BeginGeneration(since_boot);
    selector_.EndGeneration();
  }
  std::vector<std::string> causes() const {
    std::vector<std::string> causes;
    for (const CollectorError& error : errors_.errors()) {
      causes.push_back(std::string(NameOf(error.cause)) + " " +
                       std::to_string(error.count));
    }
    return causes;
  }

  FakeTree tree;

 private:
  procfs::ProcFs fs_ = tree.fs();
  Matcher matcher_;
  Selector selector_;
  ErrorTally errors_;
};

/// Asked at 1000 s and at 1060 s, when the process is no longer young: what was
/// decided then stands.
void Settle(Asked& asked) {
  asked.tree[10].cmdline = "agent";
  CHECK(asked.Matches(seconds(1000)));
  CHECK(asked.Matches(seconds(1060)));
}

TEST_CASE("selector: for a comm alone nothing but what was found is needed") {
  Asked asked(ByComm("app"));
  FoundProcess found;
  found.pid = 10;
  found.program.comm = "app";
  CHECK(asked.Matches(found, seconds(1)));
  found.program.comm = "App";
  CHECK_FALSE(asked.Matches(found, seconds(2)));
  CHECK(asked.causes().empty());
}

TEST_CASE("selector: who waits to be reaped does not match") {
  Asked asked(ByComm("app"));
  FoundProcess found;
  found.program.comm = "app";
  found.ended = true;
  CHECK_FALSE(asked.Matches(found, seconds(1)));
}

TEST_CASE("selector: a young process is asked anew in every discovery") {
  Asked asked(ByCmdline("agent"));
  asked.tree[10].cmdline = "forked";
  CHECK_FALSE(asked.Matches(seconds(1000)));
  asked.tree[10].cmdline = "agent";
  CHECK(asked.Matches(seconds(1001)));
  asked.tree[10].cmdline = "title";
  CHECK_FALSE(asked.Matches(seconds(1059)));
}

TEST_CASE("selector: an old process is asked anew once a minute") {
  Asked asked(ByCmdline("agent"));
  Settle(asked);
  // Written over its arguments.
  asked.tree[10].cmdline = "title";
  CHECK(asked.Matches(seconds(1061)));
  CHECK(asked.Matches(seconds(1120) - nanoseconds(1)));
  CHECK_FALSE(asked.Matches(seconds(1120)));
  asked.tree[10].cmdline = "agent";
  CHECK_FALSE(asked.Matches(seconds(1179)));
  CHECK(asked.Matches(seconds(1180)));
}

TEST_CASE("selector: a process that calls exec is asked anew") {
  struct Case {
    uint64_t start_stack;
    uint32_t flags;
    std::string comm;
  };
  for (const Case& exec :
       {Case{8000, 0, "app"}, Case{7000, procfs::kForkedButNotExeced, "app"},
        Case{7000, 0, "renamed"}}) {
    Asked asked(ByCmdline("agent"));
    Settle(asked);
    asked.tree[10].cmdline = "shell";
    asked.tree[10].start_stack = exec.start_stack;
    asked.tree[10].flags = exec.flags;
    asked.tree[10].comm = exec.comm;
    CHECK_FALSE(asked.Matches(seconds(1061)));
    // And is young again.
    asked.tree[10].cmdline = "agent";
    CHECK(asked.Matches(seconds(1062)));
  }
}

TEST_CASE("selector: a reused pid is asked anew") {
  Asked asked(ByCmdline("agent"));
  Settle(asked);
  asked.tree[10].start_time_ticks = 101;
  asked.tree[10].cmdline = "shell";
  CHECK_FALSE(asked.Matches(seconds(1061)));
}

TEST_CASE("selector: where exec cannot be seen every discovery asks anew") {
  Asked asked(ByCmdline("agent"));
  asked.tree[10].start_stack = 0;
  Settle(asked);
  asked.tree[10].cmdline = "shell";
  CHECK_FALSE(asked.Matches(seconds(1061)));
  // A kernel thread calls none.
  Asked thread(ByCmdline("agent"));
  thread.tree[10].start_stack = 0;
  thread.tree[10].flags = procfs::kKernelThread;
  Settle(thread);
  thread.tree[10].cmdline = "shell";
  CHECK(thread.Matches(seconds(1061)));
}

TEST_CASE("selector: a kernel thread that did not match is asked once") {
  Asked asked(ByCmdline("agent"));
  asked.tree[10].start_stack = 0;
  asked.tree[10].flags = procfs::kKernelThread;
  CHECK_FALSE(asked.Matches(seconds(1000)));
  asked.tree[10].cmdline = "agent";
  CHECK_FALSE(asked.Matches(seconds(1001)));
  CHECK_FALSE(asked.Matches(seconds(5000)));
  // Another one is, whatever its pid.
  asked.tree[10].start_time_ticks = 101;
  CHECK(asked.Matches(seconds(5001)));
  asked.tree[10].cmdline = "";
  CHECK_FALSE(asked.Matches(seconds(5002)));
}

TEST_CASE("selector: state D keeps what was known, and decides nothing new") {
  Asked asked(ByCmdline("agent"));
  asked.tree[10].cmdline = "agent";
  asked.tree[10].state = 'D';
  CHECK_FALSE(asked.Matches(seconds(1000)));
  CHECK(asked.causes().empty());
  asked.tree[10].state = 'S';
  CHECK(asked.Matches(seconds(1001)));
  asked.tree[10].state = 'D';
  asked.tree[10].cmdline = "title";
  CHECK(asked.Matches(seconds(5000)));
  asked.tree[10].state = 'S';
  CHECK_FALSE(asked.Matches(seconds(5001)));
}

TEST_CASE("selector: who was not found in a discovery is forgotten") {
  Asked asked(ByCmdline("agent"));
  Settle(asked);
  asked.tree[10].cmdline = "title";
  asked.Miss(seconds(1061));
  CHECK_FALSE(asked.Matches(seconds(1062)));
}

TEST_CASE(
    "selector: a pid that is another's since it was found does not match") {
  Asked asked(ByCmdline("agent"));
  asked.tree[10].cmdline = "agent";
  asked.tree.Sync();
  FoundProcess before;
  before.pid = 10;
  before.program.start_time_ticks = 99;
  CHECK_FALSE(asked.Matches(before, seconds(1)));
  CHECK(asked.causes().empty());
  CHECK(asked.Matches(seconds(2)));
}

TEST_CASE("selector: who is gone since it was found does not match") {
  Asked asked(ByCmdline("agent"));
  asked.tree[10].cmdline = "agent";
  CHECK(asked.Matches(seconds(1)));
  FoundProcess before;
  before.pid = 77;
  CHECK_FALSE(asked.Matches(before, seconds(2)));
  CHECK(asked.causes().empty());
}

TEST_CASE("selector: what cannot be parsed does not match and is counted") {
  MatchConfig rules;
  rules.systemd_units = {"app.service"};
  Asked asked(rules);
  asked.tree[10].cgroup = "0::/system.slice/app.service\n";
  CHECK(asked.Matches(seconds(1)));
  asked.tree.Write(10, "cgroup", "torn");
  CHECK_FALSE(asked.MatchesUnsynced(seconds(2)));
  CHECK(asked.causes() == std::vector<std::string>{"malformed 1"});
  CHECK(asked.Matches(seconds(3)));
  CHECK(asked.causes().empty());
}

}  // namespace
}  // namespace leak_exporter
