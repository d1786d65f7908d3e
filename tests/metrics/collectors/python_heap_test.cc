#include "metrics/collectors/python_heap.h"

#include <chrono>
#include <memory>
#include <string>

#include "tests/catch.h"
#include "tests/collect.h"
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

TEST_CASE("python_heap: main processes are summed, the rest of the types too") {
  const PythonChild first("/usr/bin/python3", kScript);
  const PythonChild second("/usr/bin/python3", kScript);
  const WaitingProcess other;
  config::PythonHeapConfig config;
  config.top = 3;
  PythonHeapCollector collector(config);
  const Collected collected =
      CollectFrom(collector, {first.pid(), other.pid(), second.pid()});
  CHECK(collected.success);
  CHECK(collected.errors.empty());
  const auto& heap = collected.snapshot.python_heap;
  REQUIRE(heap != nullptr);
  CHECK(heap->walk_complete);
  CHECK(heap->walk_duration_seconds > 0);
  REQUIRE(heap->processes.size() == 2);
  CHECK(heap->processes[0].pid == first.pid());
  CHECK(heap->processes[0].version.starts_with("3."));
  REQUIRE(heap->processes[0].by_count.size() == 10);
  CHECK(heap->processes[0].by_count[0].number == 100000);
  CHECK(heap->processes[0].by_count[0].type_repr == "<class '__main__.Leak'>");
  REQUIRE(heap->types.largest.size() == 3);
  CHECK(heap->types.largest[0].name == "__main__.Leak");
  CHECK(heap->types.largest[0].objects == 200000);
  REQUIRE(heap->types.other.has_value());
  CHECK(heap->types.other->name == "(other)");
  CHECK(heap->types.other->objects > 1000);
  CHECK(heap->types.withheld > 10);
  CHECK(heap->generations.size() == 3);
  CHECK(heap->modules.value_or(0) > 40);
}

TEST_CASE(
    "python_heap: no main process that is a CPython is no result and no "
    "error") {
  const WaitingProcess child;
  PythonHeapCollector collector{config::PythonHeapConfig()};
  const Collected collected = CollectFrom(collector, {child.pid()});
  CHECK(collected.success);
  CHECK(collected.errors.empty());
  CHECK(collected.snapshot.python_heap == nullptr);
}

TEST_CASE("python_heap: measured in the background, at the interval") {
  config::PythonHeapConfig config;
  config.min_interval = std::chrono::seconds(7);
  const PythonHeapCollector collector(config);
  CHECK(collector.BackgroundInterval() == std::chrono::seconds(7));
  CHECK(collector.id() == CollectorId::kPythonHeap);
}

}  // namespace
}  // namespace leak_exporter
