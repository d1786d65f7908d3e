#include "metrics/targets/verdicts.h"

#include <unistd.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "metrics/procfs/stat.h"
#include "tests/catch.h"
#include "tests/fake_tree.h"
#include "tests/metrics/targets/match_rules.h"

namespace leak_exporter {
namespace {

using config::MatchConfig;
using std::chrono::nanoseconds;
using std::chrono::seconds;

/// A made-up machine whose process 10 is judged by one rule, in one discovery a
/// call.
class Asked {
 public:
  explicit Asked(const MatchConfig& rules) {
    auto matcher =
        std::make_shared<const Matcher>(Matcher::Compile(rules).value());
    verdicts_.SetRules(
        std::make_shared<const RuleBook>(RuleBook::Rules{matcher}));
  }

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
    verdicts_.BeginGeneration(since_boot);
    errors_ = ErrorTally();
    const Verdicts::Verdict& verdict = verdicts_.Judge(found);
    for (const auto& [rule, error] : verdict.errors) errors_.Add(error);
    const bool matches = verdict.matches == std::vector<RuleBook::Index>{0};
    verdicts_.EndGeneration();
    return matches;
  }
  /// A discovery that does not find the process.
  void Miss(nanoseconds since_boot) {
    verdicts_.BeginGeneration(since_boot);
    verdicts_.EndGeneration();
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
  Verdicts verdicts_{fs_};
  ErrorTally errors_;
};

// The ticks of a process that starts 1000 s after boot.
const uint64_t kStart = 1000 * static_cast<uint64_t>(::sysconf(_SC_CLK_TCK));

/// Judged at 1000 s and at 1060 s, when the process is no longer young: what
/// was decided then stands for a minute.
void Settle(Asked& asked) {
  asked.tree[10].cmdline = "agent";
  asked.tree[10].start_time_ticks = kStart;
  CHECK(asked.Matches(seconds(1000)));
  CHECK(asked.Matches(seconds(1060)));
}

TEST_CASE("verdicts: for a comm alone nothing but what was found is needed") {
  Asked asked(ByComm("app"));
  FoundProcess found;
  found.pid = 10;
  found.program.comm = "app";
  CHECK(asked.Matches(found, seconds(1)));
  found.program.comm = "App";
  CHECK_FALSE(asked.Matches(found, seconds(2)));
  CHECK(asked.causes().empty());
}

TEST_CASE("verdicts: who waits to be reaped does not match") {
  Asked asked(ByComm("app"));
  FoundProcess found;
  found.program.comm = "app";
  found.ended = true;
  CHECK_FALSE(asked.Matches(found, seconds(1)));
}

TEST_CASE("verdicts: a young process is judged when it is twice as old") {
  Asked asked(ByCmdline("agent"));
  asked.tree[10].start_time_ticks = kStart;
  asked.tree[10].cmdline = "forked";
  CHECK_FALSE(asked.Matches(seconds(1000)));
  asked.tree[10].cmdline = "agent";
  CHECK_FALSE(asked.Matches(seconds(1001) - nanoseconds(1)));
  CHECK(asked.Matches(seconds(1001)));
  asked.tree[10].cmdline = "title";
  CHECK_FALSE(asked.Matches(seconds(1002)));
  asked.tree[10].cmdline = "agent";
  CHECK_FALSE(asked.Matches(seconds(1004) - nanoseconds(1)));
  CHECK(asked.Matches(seconds(1004)));
  asked.tree[10].cmdline = "title";
  CHECK_FALSE(asked.Matches(seconds(1040)));
  asked.tree[10].cmdline = "agent";
  CHECK_FALSE(asked.Matches(seconds(1080) - nanoseconds(1)));
  CHECK(asked.Matches(seconds(1080)));
}

TEST_CASE("verdicts: an old process is judged once a minute") {
  Asked asked(ByCmdline("agent"));
  Settle(asked);
  // Written over its arguments.
  asked.tree[10].cmdline = "title";
  CHECK(asked.Matches(seconds(1061)));
  CHECK(asked.Matches(seconds(1120) - nanoseconds(1)));
  CHECK_FALSE(asked.Matches(seconds(1120)));
  asked.tree[10].cmdline = "agent";
  CHECK_FALSE(asked.Matches(seconds(1180) - nanoseconds(1)));
  CHECK(asked.Matches(seconds(1180)));
}

TEST_CASE("verdicts: those that are old when first seen are spread over time") {
  FakeTree tree;
  constexpr pid_t kProcesses = 600;
  for (pid_t pid = 1; pid <= kProcesses; ++pid) tree[pid].cmdline = "agent";
  tree.Sync();
  const procfs::ProcFs fs = tree.fs();
  Verdicts verdicts(fs);
  verdicts.SetRules(std::make_shared<const RuleBook>(
      RuleBook::Rules{std::make_shared<const Matcher>(
          Matcher::Compile(ByCmdline("agent")).value())}));
  std::string buffer;
  const auto matching = [&](int since_boot) {
    verdicts.BeginGeneration(seconds(since_boot));
    int matches = 0;
    for (pid_t pid = 1; pid <= kProcesses; ++pid) {
      const auto found =
          FoundProcess::Of(pid, procfs::ReadStat(fs, pid, buffer).value());
      matches += verdicts.Judge(found).matches.empty() ? 0 : 1;
    }
    verdicts.EndGeneration();
    return matches;
  };
  CHECK(matching(1000) == kProcesses);
  for (pid_t pid = 1; pid <= kProcesses; ++pid) tree.Write(pid, "cmdline", "x");
  int before = kProcesses;
  for (int second = 1; second <= 60; ++second) {
    const int now = matching(1000 + second);
    CAPTURE(second, before, now);
    // A sixtieth is ten.
    CHECK(before - now >= 5);
    CHECK(before - now <= 15);
    before = now;
  }
  CHECK(before == 0);
}

TEST_CASE("verdicts: a process that calls exec is asked anew") {
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

TEST_CASE("verdicts: a reused pid is asked anew") {
  Asked asked(ByCmdline("agent"));
  Settle(asked);
  asked.tree[10].start_time_ticks = kStart + 1;
  asked.tree[10].cmdline = "shell";
  CHECK_FALSE(asked.Matches(seconds(1061)));
}

TEST_CASE("verdicts: where exec cannot be seen, what matches is judged anew") {
  Asked asked(ByCmdline("agent"));
  asked.tree[10].start_stack = 0;
  Settle(asked);
  asked.tree[10].cmdline = "shell";
  CHECK_FALSE(asked.Matches(seconds(1061)));
  asked.tree[10].cmdline = "agent";
  CHECK_FALSE(asked.Matches(seconds(1062)));
  // A kernel thread calls none.
  Asked thread(ByCmdline("agent"));
  thread.tree[10].start_stack = 0;
  thread.tree[10].flags = procfs::kKernelThread;
  Settle(thread);
  thread.tree[10].cmdline = "shell";
  CHECK(thread.Matches(seconds(1061)));
}

TEST_CASE("verdicts: a kernel thread that did not match is asked once") {
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
  CHECK_FALSE(asked.Matches(seconds(5062)));
}

TEST_CASE("verdicts: state D keeps what was known, and decides nothing new") {
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

TEST_CASE("verdicts: who was not found in a discovery is forgotten") {
  Asked asked(ByCmdline("agent"));
  Settle(asked);
  asked.tree[10].cmdline = "title";
  asked.Miss(seconds(1061));
  CHECK_FALSE(asked.Matches(seconds(1062)));
}

TEST_CASE(
    "verdicts: a pid that is another's since it was found does not match") {
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

TEST_CASE("verdicts: who is gone since it was found does not match") {
  Asked asked(ByCmdline("agent"));
  asked.tree[10].cmdline = "agent";
  CHECK(asked.Matches(seconds(1)));
  FoundProcess before;
  before.pid = 77;
  CHECK_FALSE(asked.Matches(before, seconds(2)));
  CHECK(asked.causes().empty());
}

TEST_CASE("verdicts: what cannot be parsed does not match and is counted") {
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
