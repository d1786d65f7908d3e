#include "metrics/targets/matcher.h"

#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/fake_tree.h"

namespace leak_exporter {
namespace {

using std::string_literals::operator""s;
using config::MatchConfig;
using Answer = Matcher::Answer;

Matcher::Judgement Judge(const Matcher& matcher,
                         const procfs::ProcessHandle& process, char state) {
  std::string buffer;
  ProcessFacts facts(process, state, buffer);
  return matcher.MatchesProcess(facts);
}

const std::string kId =
    "4f2a9c01d3e5b6a7988877665544332211ffeeddccbbaa998877665544332211";

/// Process 7, of which every condition can be true.
void MakeOneProcess(FakeTree& tree) {
  FakeProcess& process = tree[7];
  process.comm = "python3";
  process.cmdline = "python3\0-m\0analyzer_agent\0"s;
  process.effective_uid = 1;
  process.cgroup =
      "1:name=systemd:/system.slice/app.service\n0::/docker/" + kId + "\n";
  tree.Sync();
  REQUIRE(::symlink("/usr/bin/python3.11 (deleted)",
                    (tree.root() + "/7/exe").c_str()) == 0);
}

MatchConfig Rules(std::vector<std::string> MatchConfig::*member,
                  std::vector<std::string> values) {
  MatchConfig rules;
  rules.*member = std::move(values);
  return rules;
}

TEST_CASE("matcher: each condition, its alternatives and their conjunction") {
  struct Case {
    MatchConfig rules;
    bool matches;
  };
  const auto all = [](const std::string& cmdline) {
    MatchConfig rules;
    rules.exes = {"/usr/bin/python3*"};
    rules.cmdlines = {cmdline};
    rules.users = {"1"};
    rules.systemd_units = {"app.service"};
    rules.containers = {"4f2a*"};
    return rules;
  };
  FakeTree tree;
  MakeOneProcess(tree);
  for (const Case& expected : {
           Case{Rules(&MatchConfig::exes, {"/usr/bin/python3*"}), true},
           Case{Rules(&MatchConfig::exes, {"/usr/bin/python3.11"}), true},
           Case{Rules(&MatchConfig::exes, {"*python*"}), true},
           Case{Rules(&MatchConfig::exes, {"/bin/sh", "*/python3.1?"}), true},
           Case{Rules(&MatchConfig::exes, {"python3.11"}), false},
           Case{Rules(&MatchConfig::cmdlines, {"-m analyzer_agent$"}), true},
           Case{Rules(&MatchConfig::cmdlines, {"^python3 "}), true},
           Case{Rules(&MatchConfig::cmdlines, {"nginx", "agent"}), true},
           Case{Rules(&MatchConfig::cmdlines, {"^analyzer"}), false},
           Case{Rules(&MatchConfig::users, {"daemon"}), true},
           Case{Rules(&MatchConfig::users, {"root", "1"}), true},
           Case{Rules(&MatchConfig::users, {"7"}), false},
           Case{Rules(&MatchConfig::systemd_units, {"app.service"}), true},
           Case{Rules(&MatchConfig::systemd_units, {"b", "app"}), true},
           Case{Rules(&MatchConfig::systemd_units, {"pp.service"}), false},
           Case{Rules(&MatchConfig::containers, {"4f2a9c01d3e5*"}), true},
           Case{Rules(&MatchConfig::containers, {"x", kId}), true},
           Case{Rules(&MatchConfig::containers, {"4f2a"}), false},
           Case{all("agent"), true},
           Case{all("agents"), false},
       }) {
    const auto matcher = Matcher::Compile(expected.rules);
    REQUIRE(matcher);
    CHECK(matcher->reads_process());
    const auto process = procfs::ProcessHandle::Open(tree.fs(), 7);
    REQUIRE(process);
    const auto judged = Judge(*matcher, *process, 'S');
    CHECK(judged.answer == (expected.matches ? Answer::kYes : Answer::kNo));
    CHECK_FALSE(judged.error);
  }
}

TEST_CASE("matcher: arguments of a process in state D are left for later") {
  FakeTree tree;
  MakeOneProcess(tree);
  const auto process = procfs::ProcessHandle::Open(tree.fs(), 7);
  MatchConfig rules = Rules(&MatchConfig::cmdlines, {"agent"});
  CHECK(Judge(*Matcher::Compile(rules), *process, 'D').answer ==
        Answer::kLater);
  // Not where another condition decides already.
  rules.users = {"7"};
  CHECK(Judge(*Matcher::Compile(rules), *process, 'D').answer == Answer::kNo);
  rules = Rules(&MatchConfig::users, {"1"});
  CHECK(Judge(*Matcher::Compile(rules), *process, 'D').answer == Answer::kYes);
}

TEST_CASE("matcher: rules that cannot be applied are errors that say why") {
  struct Case {
    MatchConfig rules;
    std::string message;
  };
  for (const Case& bad : {
           Case{Rules(&MatchConfig::cmdlines, {"("}),
                "cmdline '(': missing ): ("},
           Case{Rules(&MatchConfig::users, {"no-such-user-here"}),
                "user 'no-such-user-here' is not known here"},
       }) {
    const auto matcher = Matcher::Compile(bad.rules);
    REQUIRE_FALSE(matcher);
    CHECK(matcher.error().message == bad.message);
  }
}

TEST_CASE("matcher: what cannot be parsed does not match and is counted") {
  FakeTree tree;
  MakeOneProcess(tree);
  tree.Write(7, "cgroup", "torn");
  const auto matcher =
      Matcher::Compile(Rules(&MatchConfig::systemd_units, {"app"}));
  const auto judged =
      Judge(*matcher, *procfs::ProcessHandle::Open(tree.fs(), 7), 'S');
  CHECK(judged.answer == Answer::kNo);
  REQUIRE(judged.error);
  CHECK(judged.error->code == 0);
}

TEST_CASE("matcher: named pids, from the rules and from pid files") {
  const ScratchDirectory directory;
  const std::string good = directory.path() + "/good.pid";
  const std::string bad = directory.path() + "/bad.pid";
  std::ofstream(good) << "17\n";
  std::ofstream(bad) << "none\n";

  MatchConfig rules;
  CHECK_FALSE(Matcher::Compile(rules)->names_pids());
  rules.pids = {9, 17, 9};
  ErrorTally errors;
  CHECK(Matcher::Compile(rules)->names_pids());
  CHECK(Matcher::Compile(rules)->NamedPids(errors) ==
        std::vector<pid_t>{9, 17});
  rules.pid_files = {good};
  CHECK(Matcher::Compile(rules)->NamedPids(errors) == std::vector<pid_t>{17});
  rules.pids.clear();
  rules.pid_files = {good, good, directory.path() + "/not-there"};
  CHECK(Matcher::Compile(rules)->NamedPids(errors) == std::vector<pid_t>{17});
  CHECK(errors.errors().empty());
  rules.pid_files = {bad, good};
  CHECK(Matcher::Compile(rules)->names_pids());
  CHECK(Matcher::Compile(rules)->NamedPids(errors) == std::vector<pid_t>{17});
  REQUIRE(errors.errors().size() == 1);
  CHECK(errors.errors()[0].cause == ErrorCause::kMalformed);
  CHECK(errors.errors()[0].message == bad + ":1: no pid in 'none?'");
}

}  // namespace
}  // namespace leak_exporter
