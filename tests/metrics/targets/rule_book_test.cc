#include "metrics/targets/rule_book.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config/config.h"
#include "metrics/procfs/process_handle.h"
#include "tests/catch.h"
#include "tests/fake_tree.h"

namespace leak_exporter {
namespace {

using config::MatchConfig;
using Indexes = std::vector<RuleBook::Index>;

std::shared_ptr<const Matcher> Compile(const MatchConfig& rules) {
  return std::make_shared<const Matcher>(Matcher::Compile(rules).value());
}

MatchConfig Rule(std::vector<std::string> comms,
                 std::vector<std::string> cmdlines = {},
                 std::vector<std::string> users = {}) {
  MatchConfig rule;
  rule.comms = std::move(comms);
  rule.cmdlines = std::move(cmdlines);
  rule.users = std::move(users);
  return rule;
}

/// What the rules say of a process that has these arguments.
RuleBook::Judgement JudgeArguments(const RuleBook& book,
                                   const std::string& arguments,
                                   const Indexes& candidates,
                                   char state = 'S') {
  FakeTree tree;
  tree[7].cmdline = arguments;
  tree[7].effective_uid = 1;
  tree.Sync();
  const procfs::ProcFs fs = tree.fs();
  const auto process = procfs::ProcessHandle::Open(fs, 7);
  std::string buffer;
  ProcessFacts facts(*process, state, buffer);
  return book.Judge(candidates, facts);
}

TEST_CASE("rule book: a comm is exact") {
  const RuleBook book({Compile(Rule({"python3", "a)b", "a)b"})),
                       Compile(Rule({}, {"x"})), Compile(Rule({"python3"}))});
  CHECK(book.CandidatesFor("python3") == Indexes{0, 1, 2});
  CHECK(book.CandidatesFor("a)b") == Indexes{0, 1});
  CHECK(book.CandidatesFor("python") == Indexes{1});
  CHECK(book.CandidatesFor("python3.11") == Indexes{1});
}

TEST_CASE("rule book: each rule's own patterns count, in one search for all") {
  const RuleBook book({Compile(Rule({}, {"^gunicorn: ", "celery"})),
                       Compile(Rule({}, {"worker$"})), Compile(Rule({})),
                       Compile(Rule({}, {"nowhere"})),
                       Compile(Rule({}, {"(?i)CELERY"}, {"2"}))});
  const Indexes all = {0, 1, 2, 3, 4};
  struct Case {
    std::string arguments;
    Indexes matches;
  };
  for (const Case& expected :
       {Case{"gunicorn: worker", {0, 1, 2}}, Case{"celery beat", {0, 2}},
        Case{"a gunicorn: master", {2}}, Case{"worker", {1, 2}},
        Case{"", {2}}}) {
    CAPTURE(expected.arguments);
    CHECK(JudgeArguments(book, expected.arguments, all).matches ==
          expected.matches);
  }
  CHECK(JudgeArguments(book, "celery worker", {1, 3}).matches == Indexes{1});
}

TEST_CASE("rule book: a rule that needs arguments waits in state D") {
  const RuleBook book({Compile(Rule({}, {"x"})), Compile(Rule({}, {}, {"1"})),
                       Compile(Rule({}, {"x"}, {"2"}))});
  const auto judged = JudgeArguments(book, "x", {0, 1, 2}, 'D');
  CHECK(judged.later == Indexes{0});
  CHECK(judged.matches == Indexes{1});
}

TEST_CASE("rule book: patterns that are too much for one search still count") {
  // Each alone is small; their product is not.
  RuleBook::Rules rules;
  for (int i = 0; i < 60; ++i) {
    rules.push_back(Compile(Rule({}, {"[ab]*a[ab]{" + std::to_string(10 + i) +
                                      "}c" + std::to_string(i) + "$"})));
  }
  rules.push_back(Compile(Rule({}, {"c7$"})));
  const RuleBook book(rules);
  std::string arguments;
  uint32_t seed = 1;
  for (int i = 0; i < 4'000; ++i) {
    seed = seed * 1664525 + 1013904223;
    arguments += (seed >> 31) != 0 ? 'a' : 'b';
  }
  arguments += "c7";
  Indexes all;
  Indexes expected;
  for (RuleBook::Index rule = 0; rule < rules.size(); ++rule) {
    all.push_back(rule);
    if (rules[rule]->MatchesArguments(arguments)) expected.push_back(rule);
  }
  CHECK(JudgeArguments(book, arguments, all).matches == expected);
}

TEST_CASE("rule book: a fact that cannot be read is an error of who asked") {
  MatchConfig by_unit;
  by_unit.systemd_units = {"app.service"};
  const RuleBook book(
      {Compile(Rule({}, {"x"})), Compile(by_unit), Compile(by_unit)});
  FakeTree tree;
  tree[7].cmdline = "x";
  tree.Sync();
  tree.Write(7, "cgroup", "torn");
  const procfs::ProcFs fs = tree.fs();
  const auto process = procfs::ProcessHandle::Open(fs, 7);
  std::string buffer;
  ProcessFacts facts(*process, 'S', buffer);
  const auto judged = book.Judge({0, 1, 2}, facts);
  CHECK(judged.matches == Indexes{0});
  REQUIRE(judged.errors.size() == 2);
  CHECK(judged.errors[0].first == 1);
  CHECK(judged.errors[1].first == 2);
}

}  // namespace
}  // namespace leak_exporter
