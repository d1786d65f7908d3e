#include "metrics/collectors/python_heap.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/collect.h"
#include "tests/free_walks.h"
#include "tests/python_child.h"
#include "tests/waiting_process.h"

namespace leak_exporter {
namespace {

const std::string kScript = R"(
import os, sys, gc
gc.disable()
class Leak(list): pass
leaks = [Leak() for i in range(100000)]
sys.stdout.write('.\n'); sys.stdout.flush(); os.read(0, 1)
)";

Collected CollectFrom(PythonHeapCollector& collector,
                      const std::vector<pid_t>& pids) {
  const procfs::ProcFs proc_fs;
  ProcessTree tree;
  for (const pid_t pid : pids) {
    tree.main.push_back(SampleOf(proc_fs, pid));
  }
  return Collect(collector, proc_fs, tree);
}

const PythonTypeUsage& UsageOf(const std::vector<PythonTypeUsage>& types,
                               const std::string& name) {
  const auto found = std::ranges::find(types, name, &PythonTypeUsage::name);
  if (found == types.end()) throw std::runtime_error("no type " + name);
  return *found;
}

/// Each name once, most objects first.
void CheckOrder(const std::vector<PythonTypeUsage>& types) {
  CHECK(std::ranges::is_sorted(types, std::ranges::greater(),
                               &PythonTypeUsage::objects));
  std::set<std::string> names;
  for (const PythonTypeUsage& type : types) {
    CHECK(names.insert(type.name).second);
  }
}

TEST_CASE("python_heap: types are summed by name over the main processes") {
  const PythonChild first("/usr/bin/python3", kScript);
  const PythonChild second("/usr/bin/python3", kScript);
  const WaitingProcess other;
  PythonHeapCollector collector({}, std::make_shared<FreeWalks>());
  const Collected collected =
      CollectFrom(collector, {first.pid(), other.pid(), second.pid()});
  CHECK(collected.success);
  CHECK(collected.errors.empty());
  const auto& heap = collected.snapshot.python_heap;
  REQUIRE(heap != nullptr);
  REQUIRE(heap->sums.main);
  CHECK_FALSE(heap->sums.children);
  CHECK(heap->sums.main->walk_complete);
  CHECK(heap->sums.main->walk_duration_seconds > 0);
  REQUIRE(heap->processes.size() == 2);
  CHECK(heap->processes[0].pid == first.pid());
  CHECK(heap->processes[0].version.starts_with("3."));
  const auto& types = heap->processes[0].types;
  CHECK(types.size() > 20);
  CHECK(types[0].name == "__main__.Leak");
  CHECK(types[0].repr == "<class '__main__.Leak'>");
  CHECK(types[0].objects == 100000);
  CheckOrder(types);
  CHECK(heap->sums.main->types[0].name == "__main__.Leak");
  CHECK(heap->sums.main->types[0].objects == 200000);
  CheckOrder(heap->sums.main->types);
  for (const PythonTypeUsage& sum : heap->sums.main->types) {
    INFO(sum.name);
    const auto& first_type = UsageOf(types, sum.name);
    const auto& second_type = UsageOf(heap->processes[1].types, sum.name);
    CHECK(sum.objects == first_type.objects + second_type.objects);
    CHECK(sum.bytes == *first_type.bytes + *second_type.bytes);
  }
  CHECK(heap->sums.main->untracked.size() > 3);
  CheckOrder(heap->sums.main->untracked);
  CHECK(heap->sums.main->generations.size() == 3);
  CHECK(heap->sums.main->modules.value_or(0) > 40);
}

TEST_CASE("python_heap: of very many types not all are listed, but summed") {
  std::vector<std::unique_ptr<PythonChild>> children;
  std::vector<pid_t> pids;
  for (int i = 0; i < 5; ++i) {
    children.push_back(std::make_unique<PythonChild>("/usr/bin/python3", R"(
import os, sys, gc
gc.disable()
few = [type(str(os.getpid()) + str(i) + 'x' * 900, (list,), {})() for i in range(550)]
sys.stdout.write('.\n'); sys.stdout.flush(); os.read(0, 1)
)"));
    pids.push_back(children.back()->pid());
  }
  PythonHeapCollector collector({}, std::make_shared<FreeWalks>());
  const Collected collected = CollectFrom(collector, pids);
  CHECK(collected.success);
  CHECK(collected.causes() == std::vector<std::string>{"limit 1"});
  const auto& heap = collected.snapshot.python_heap;
  REQUIRE(heap->processes.size() == 5);
  CHECK(heap->processes[0].types.size() > 550);
  CHECK_FALSE(heap->processes[0].by_bytes.empty());
  CHECK(heap->processes[4].types.empty());
  CHECK(heap->processes[4].by_bytes.empty());
  CheckOrder(heap->sums.main->types);
  CHECK(heap->sums.main->types.size() < 5 * 550);
  CHECK(UsageOf(heap->sums.main->types, "(other)").objects > 550);
  uint64_t lists = 0;
  uint64_t objects = 0;
  for (const PythonTypeUsage& type : heap->sums.main->types)
    objects += type.objects;
  for (const PythonTypeUsage& type : heap->processes[0].types) {
    lists += type.objects;
  }
  CHECK(objects == 5 * lists);
}

TEST_CASE("python_heap: the types of a lone process are the target's") {
  const PythonChild child("/usr/bin/python3", kScript);
  PythonHeapCollector collector({}, std::make_shared<FreeWalks>());
  const Collected collected = CollectFrom(collector, {child.pid()});
  const auto& heap = collected.snapshot.python_heap;
  REQUIRE(heap != nullptr);
  const auto& types = heap->processes.at(0).types;
  REQUIRE(heap->sums.main->types.size() == types.size());
  for (size_t i = 0; i < types.size(); ++i) {
    CHECK(heap->sums.main->types[i].name == types[i].name);
    CHECK(heap->sums.main->types[i].objects == types[i].objects);
    CHECK(heap->sums.main->types[i].bytes == types[i].bytes);
  }
}

/// A main process and a child, of which the next run knows that they ran.
class Family {
 public:
  Family()
      : main_("/usr/bin/python3", kScript),
        child_("/usr/bin/python3", kScript),
        tree_(TreeOf({SampleOf(proc_fs_, main_.pid())},
                     {SampleOf(proc_fs_, child_.pid())})) {}

  pid_t main() const { return main_.pid(); }
  pid_t child() const { return child_.pid(); }
  ProcessTree& tree() { return tree_; }
  void RunAll() {
    ++tree_.generation;
    for (auto* scope : {&tree_.main, &tree_.descendants}) {
      for (ProcessSample& process : *scope) {
        process.last_run_generation = tree_.generation;
      }
    }
  }
  Collected Measure(PythonHeapCollector& collector) {
    return Collect(collector, proc_fs_, tree_);
  }

 private:
  const procfs::ProcFs proc_fs_;
  const PythonChild main_;
  const PythonChild child_;
  ProcessTree tree_;
};

uint64_t Leaks(const std::optional<PythonHeapSums>& sums) {
  return sums ? UsageOf(sums->types, "__main__.Leak").objects : 0;
}

TEST_CASE("python_heap: children have sums of their own") {
  Family family;
  PythonHeapCollector collector({}, std::make_shared<FreeWalks>());
  const Collected collected = family.Measure(collector);
  CHECK(collected.success);
  CHECK(collected.errors.empty());
  const auto& heap = collected.snapshot.python_heap;
  REQUIRE(heap != nullptr);
  CHECK(Leaks(heap->sums.main) == 100'000);
  CHECK(Leaks(heap->sums.children) == 100'000);
  REQUIRE(heap->processes.size() == 1);
  CHECK(heap->processes[0].pid == family.main());
  REQUIRE(heap->children.size() == 1);
  CHECK(heap->children[0].pid == family.child());
  CHECK(heap->usage.size() == 2);
  CHECK(heap->census.children.interpreters == 1);
  CHECK(heap->census.children.unread == 0);
  CHECK(heap->census.children.oldest_walk.has_value());
}

TEST_CASE("python_heap: only main processes, if nothing else is wanted") {
  Family family;
  config::PythonHeapConfig config;
  config.children = false;
  PythonHeapCollector collector(config, std::make_shared<FreeWalks>());
  const auto heap = family.Measure(collector).snapshot.python_heap;
  REQUIRE(heap != nullptr);
  CHECK(heap->sums.main);
  CHECK_FALSE(heap->sums.children);
  CHECK(heap->census.children.interpreters == 0);
}

TEST_CASE("python_heap: without a budget children wait, and are counted") {
  Family family;
  const auto walks = std::make_shared<FreeWalks>();
  walks->any = false;
  PythonHeapCollector collector({}, walks);
  auto heap = family.Measure(collector).snapshot.python_heap;
  REQUIRE(heap != nullptr);
  CHECK(Leaks(heap->sums.main) == 100'000);
  CHECK_FALSE(heap->sums.children);
  CHECK(heap->census.children.interpreters == 1);
  CHECK(heap->census.children.unread == 1);
  walks->any = true;
  family.RunAll();
  heap = family.Measure(collector).snapshot.python_heap;
  CHECK(Leaks(heap->sums.children) == 100'000);
  CHECK(heap->census.children.unread == 0);
}

TEST_CASE("python_heap: children that waited come first the next time") {
  Family family;
  const auto walks = std::make_shared<FreeWalks>();
  walks->any = false;
  PythonHeapCollector collector({}, walks);
  (void)family.Measure(collector);
  walks->any = true;
  walks->walks = 0;
  walks->left = 1;
  family.RunAll();
  auto heap = family.Measure(collector).snapshot.python_heap;
  CHECK(walks->walks == 1);
  CHECK(Leaks(heap->sums.children) == 100'000);
}

TEST_CASE("python_heap: who has not run since is not walked again") {
  Family family;
  const auto walks = std::make_shared<FreeWalks>();
  PythonHeapCollector collector({}, walks);
  (void)family.Measure(collector);
  CHECK(walks->walks == 2);
  ++family.tree().generation;
  const auto heap = family.Measure(collector).snapshot.python_heap;
  CHECK(walks->walks == 2);
  CHECK(Leaks(heap->sums.main) == 100'000);
  CHECK(Leaks(heap->sums.children) == 100'000);
  family.RunAll();
  (void)family.Measure(collector);
  CHECK(walks->walks == 4);
}

TEST_CASE("python_heap: a child that ends takes its objects with it") {
  Family family;
  PythonHeapCollector collector({}, std::make_shared<FreeWalks>());
  (void)family.Measure(collector);
  family.tree().descendants.clear();
  ++family.tree().generation;
  const auto heap = family.Measure(collector).snapshot.python_heap;
  CHECK(heap->sums.main);
  CHECK_FALSE(heap->sums.children);
}

TEST_CASE(
    "python_heap: no main process that is a CPython is no result, and said") {
  const WaitingProcess child;
  PythonHeapCollector collector({}, std::make_shared<FreeWalks>());
  const Collected collected = CollectFrom(collector, {child.pid()});
  CHECK(collected.success);
  CHECK(collected.causes() == std::vector<std::string>{"not_python 1"});
  CHECK(collected.errors[0].message.starts_with(
      "/proc/" + std::to_string(child.pid()) + "/exe: no CPython in /"));
  CHECK(collected.snapshot.python_heap == nullptr);
}

TEST_CASE("python_heap: nothing is said of a program that is only starting") {
  const WaitingProcess child;
  const procfs::ProcFs proc_fs;
  ProcessTree tree;
  tree.main.push_back(SampleOf(proc_fs, child.pid()));
  tree.main[0].start_since_boot = SystemClock().SinceBoot();
  PythonHeapCollector collector({}, std::make_shared<FreeWalks>());
  const Collected collected = Collect(collector, proc_fs, tree);
  CHECK(collected.success);
  CHECK(collected.errors.empty());
  CHECK(collected.snapshot.python_heap == nullptr);
}

TEST_CASE("python_heap: measured in the background, at the interval") {
  config::PythonHeapConfig config;
  config.min_interval = std::chrono::seconds(7);
  const PythonHeapCollector collector(config, std::make_shared<FreeWalks>());
  CHECK(collector.BackgroundInterval() == std::chrono::seconds(7));
  CHECK(collector.id() == CollectorId::kPythonHeap);
}

}  // namespace
}  // namespace leak_exporter
