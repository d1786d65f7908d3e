#include "metrics/collectors/support/heap_ledger.h"

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/catch.h"
#include "tests/collect.h"
#include "tests/fake_tree.h"

namespace leak_exporter {
namespace {

using Time = std::chrono::steady_clock::time_point;

constexpr Time At(int seconds) { return Time(std::chrono::seconds(seconds)); }

PythonTypeUsage Type(const std::string& name, uint64_t objects) {
  return {name, objects, 10 * objects, "<class '" + name + "'>"};
}

/// A main process 1 with children 10, 11 and 12, and what a ledger has of them.
class Bench {
 public:
  explicit Bench(const HeapLedgerLimits& limits = {}) : ledger_(limits) {
    for (const pid_t pid : {1, 10, 11, 12}) fake_[pid].parent = 1;
    fake_.Sync();
    tree_.main = {SampleOf(fake_.fs(), 1)};
    for (const pid_t pid : {10, 11, 12}) {
      tree_.descendants.push_back(SampleOf(fake_.fs(), pid));
    }
    Begin();
  }

  void Begin() {
    ++tree_.generation;
    ledger_.Begin(tree_);
  }
  /// The child with this pid ends.
  void End(pid_t pid) {
    std::erase_if(tree_.descendants, [pid](const ProcessSample& process) {
      return process.pid() == pid;
    });
  }
  /// The process ran since the discovery before.
  void Run(pid_t pid) { Find(pid).last_run_generation = tree_.generation + 1; }
  ProcessSample& Find(pid_t pid) {
    if (pid == 1) return tree_.main[0];
    for (ProcessSample& process : tree_.descendants) {
      if (process.pid() == pid) return process;
    }
    throw std::runtime_error("no such child");
  }

  bool Record(pid_t pid, std::vector<PythonTypeUsage> types,
              std::vector<PythonGenerationStats> generations = {}) {
    HeapFinding finding;
    finding.process.pid = pid;
    finding.process.types = std::move(types);
    finding.process.by_bytes = {{1, "<class 'a'>", "a"}};
    finding.generations = std::move(generations);
    finding.modules = 5;
    finding.walked_unix_seconds = 100 + pid;
    return ledger_.Record(Find(pid), pid == 1, At(0), std::move(finding));
  }
  HeapLedger& ledger() { return ledger_; }
  PythonHeapSnapshot Sum() {
    const auto heap = ledger_.Sum({0, 0});
    REQUIRE(heap != nullptr);
    return *heap;
  }

 private:
  FakeTree fake_;
  ProcessTree tree_;
  HeapLedger ledger_;
};

std::string TextOf(const std::vector<PythonTypeUsage>& types) {
  std::string text;
  for (const PythonTypeUsage& type : types) {
    text += type.name + " " + std::to_string(type.objects) + " " +
            (type.bytes ? std::to_string(*type.bytes) : "-") + "\n";
  }
  return text;
}

TEST_CASE("heap ledger: nothing is known at first") {
  Bench bench;
  CHECK(bench.ledger().Sum({0, 0}) == nullptr);
  CHECK_FALSE(bench.ledger().LookOf(bench.Find(10)).at);
  CHECK_FALSE(bench.ledger().Knows(bench.Find(10)));
  const auto unread = bench.ledger().Sum({0, 3});
  REQUIRE(unread != nullptr);
  CHECK(unread->census.children.interpreters == 3);
  CHECK(unread->census.children.unread == 3);
  CHECK_FALSE(unread->sums.children);
}

TEST_CASE("heap ledger: sums by type and scope, most objects first") {
  Bench bench;
  bench.Record(1, {Type("dict", 5)});
  bench.Record(10, {Type("dict", 7), Type("list", 20)});
  bench.Record(11, {Type("list", 1), {"odd", 3, std::nullopt, ""}});
  const PythonHeapSnapshot heap = bench.Sum();
  REQUIRE(heap.sums.main);
  REQUIRE(heap.sums.children);
  CHECK(TextOf(heap.sums.main->types) == "dict 5 50\n");
  CHECK(TextOf(heap.sums.children->types) ==
        "list 21 210\ndict 7 70\nodd 3 -\n");
  CHECK(heap.sums.children->modules == 10);
  CHECK(heap.census.children.interpreters == 2);
  CHECK(heap.census.children.oldest_walk == 110);
  REQUIRE(heap.usage.size() == 3);
  CHECK(heap.usage[0].pid == 10);
  CHECK(heap.usage[0].objects == 27);
  CHECK(heap.usage[0].bytes == 270);
  CHECK_FALSE(heap.usage[0].is_main);
  CHECK(heap.usage[1].pid == 1);
  CHECK(heap.usage[1].is_main);
  CHECK(heap.usage[2].pid == 11);
  CHECK_FALSE(heap.usage[2].bytes);
}

TEST_CASE("heap ledger: what was found before stays, what ended goes") {
  Bench bench;
  bench.Record(10, {Type("a", 1)});
  bench.Record(11, {Type("b", 2)});
  bench.Begin();
  bench.Record(10, {Type("a", 3)});
  CHECK(TextOf(bench.Sum().sums.children->types) == "a 3 30\nb 2 20\n");
  bench.End(11);
  bench.Begin();
  CHECK(TextOf(bench.Sum().sums.children->types) == "a 3 30\n");
  bench.ledger().RecordNone(bench.Find(10), At(1));
  CHECK(bench.ledger().Sum({0, 0}) == nullptr);
}

TEST_CASE("heap ledger: a process that has not run since stands") {
  Bench bench;
  bench.Record(10, {Type("a", 1)});
  bench.ledger().RecordNone(bench.Find(11), At(3));
  bench.Begin();
  CHECK(bench.ledger().LookOf(bench.Find(10)).stands);
  CHECK(bench.ledger().LookOf(bench.Find(11)).stands);
  CHECK(bench.ledger().LookOf(bench.Find(11)).at == At(3));
  bench.Run(10);
  bench.Begin();
  CHECK_FALSE(bench.ledger().LookOf(bench.Find(10)).stands);
  bench.ledger().RecordSame(bench.Find(11), At(4), 500);
  CHECK(bench.ledger().LookOf(bench.Find(11)).at == At(4));
}

TEST_CASE("heap ledger: one that could not be read is looked at again") {
  Bench bench;
  bench.Record(10, {Type("a", 1)});
  bench.ledger().RecordFailure(bench.Find(10), At(3));
  CHECK_FALSE(bench.ledger().Knows(bench.Find(10)));
  bench.Begin();
  CHECK_FALSE(bench.ledger().LookOf(bench.Find(10)).stands);
  CHECK(bench.ledger().LookOf(bench.Find(10)).at == At(3));
  bench.ledger().RecordNone(bench.Find(10), At(4));
  CHECK(bench.ledger().LookOf(bench.Find(10)).stands);
}

TEST_CASE("heap ledger: what stands is as new as the look that says so") {
  Bench bench;
  bench.Record(10, {Type("a", 1)});
  bench.ledger().RecordSame(bench.Find(10), At(9), 900);
  CHECK(bench.Sum().census.children.oldest_walk == 900);
  // Not of one that was found torn: it is to be walked again.
  HeapFinding torn;
  torn.process.pid = 11;
  torn.whole = false;
  bench.ledger().Record(bench.Find(11), false, At(0), std::move(torn));
  CHECK_FALSE(bench.ledger().LookOf(bench.Find(11)).stands);
}

TEST_CASE("heap ledger: a worker that is replaced resets no counter") {
  Bench bench;
  const auto total = [&] {
    return bench.Sum().sums.children->generations.at(0).collections;
  };
  bench.Record(10, {}, {{100, 1000, 10}});
  bench.Record(11, {}, {{7, 70, 0}});
  CHECK(total() == 0);
  bench.Record(10, {}, {{103, 1040, 11}});
  bench.Record(11, {}, {{8, 75, 0}});
  CHECK(total() == 4);
  CHECK(bench.Sum().sums.children->generations[0].collected == 45);
  CHECK(bench.Sum().sums.children->generations[0].uncollectable == 1);
  bench.End(10);
  bench.Begin();
  CHECK(total() == 4);
  bench.Record(12, {}, {{1000, 5, 5}});
  CHECK(total() == 4);
  // Another program in the same process counts anew.
  bench.Record(12, {}, {{2, 5, 5}});
  CHECK(total() == 6);
}

TEST_CASE(
    "heap ledger: lists are kept of all main processes and some children") {
  Bench bench({.listed_children = 1});
  bench.Record(1, {Type("a", 1)});
  bench.Record(10, {Type("a", 5)});
  bench.Record(11, {Type("a", 9)});
  const PythonHeapSnapshot heap = bench.Sum();
  REQUIRE(heap.processes.size() == 1);
  CHECK(heap.processes[0].types.size() == 1);
  REQUIRE(heap.children.size() == 1);
  CHECK(heap.children[0].pid == 11);
  CHECK(heap.children[0].types.at(0).repr == "<class 'a'>");
  CHECK_FALSE(bench.ledger().dropped_lists());
  CHECK(TextOf(heap.sums.children->types) == "a 14 140\n");
}

TEST_CASE("heap ledger: there is room for so many types and names") {
  Bench bench({.name_bytes = 200, .types = 3});
  CHECK(bench.Record(10, {Type("first", 9), Type("second", 8)}));
  CHECK_FALSE(bench.Record(11, {Type("first", 9), Type("second", 8)}));
  CHECK_FALSE(bench.ledger().Knows(bench.Find(11)));
  CHECK_FALSE(bench.ledger().LookOf(bench.Find(11)).stands);
  CHECK(bench.Record(11, {Type("third", 1)}));
  CHECK(TextOf(bench.Sum().sums.children->types) ==
        "first 9 90\nsecond 8 80\n(other) 1 10\n");
  // Who is recorded anew, or has ended, gives its room back.
  CHECK(bench.Record(10, {Type("first", 9), Type("second", 7)}));
  bench.End(10);
  bench.Begin();
  CHECK(bench.Record(11, {Type("a", 1), Type("b", 1), Type("c", 1)}));
}

TEST_CASE("heap ledger: names that nobody has any more are forgotten") {
  Bench bench({.name_bytes = 400'000});
  for (int round = 0; round < 20; ++round) {
    bench.Begin();
    std::vector<PythonTypeUsage> types;
    for (int i = 0; i < 600; ++i) {
      types.push_back(Type(std::to_string(round) + "." + std::to_string(i), 1));
    }
    bench.Record(10, types);
    const auto sums = bench.Sum().sums.children->types;
    REQUIRE(sums.size() == 600);
    CHECK(sums[0].name == std::to_string(round) + ".0");
  }
}

}  // namespace
}  // namespace leak_exporter
