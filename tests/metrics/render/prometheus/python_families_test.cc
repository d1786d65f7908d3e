#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "metrics/render/prometheus/target_sink.h"
#include "tests/catch.h"
#include "tests/metrics/render/prometheus/samples.h"
#include "tests/metrics/render/sample_snapshot.h"

namespace leak_exporter::render {
namespace {

PythonHeapSnapshot OneProcess() {
  PythonHeapSnapshot heap;
  heap.processes = {{7, "3.11.2", {}, {}, {}}};
  heap.usage = {{7, true, "3.11.2", 9, 900}};
  heap.sums.main.emplace();
  return heap;
}

Snapshot Heap(PythonHeapSnapshot heap) {
  return OnePart(&TargetSnapshot::python_heap, std::move(heap));
}

TEST_CASE("python families: a heap that no process has leaves no series") {
  const auto families = BuildFamilies(LimitAtOnce(Heap({})));
  CHECK(std::ranges::none_of(families, [](const auto& family) {
    return family.name.starts_with("leak_python_");
  }));
}

TEST_CASE("python families: types past the top are together") {
  PythonHeapSnapshot heap = OneProcess();
  heap.sums.main->types = {{"dict", 9, 900},
                           {"list", 8, std::nullopt},
                           {"a", 4, std::nullopt},
                           {"b", 3, 30},
                           {"c", 2, 20}};
  config::CollectorsConfig tops;
  tops.python_heap.top = 2;
  const Snapshot snapshot = Heap(heap);
  CHECK(SamplesOf(snapshot, "leak_python_objects", tops) ==
        Lines{"{target=t,scope=main,class=dict} 9",
              "{target=t,scope=main,class=list} 8",
              "{target=t,scope=main,class=(other)} 9"});
  CHECK(SamplesOf(snapshot, "leak_python_object_bytes", tops) ==
        Lines{"{target=t,scope=main,class=dict} 900",
              "{target=t,scope=main,class=(other)} 50"});
  CHECK(SamplesOf(snapshot, "leak_series_dropped", tops) ==
        Lines{"{target=t,family=leak_python_process_objects} 0",
              "{target=t,family=leak_python_process_object_bytes} 0",
              "{target=t,family=leak_python_objects} 3",
              "{target=t,family=leak_python_object_bytes} 3"});
}

TEST_CASE("python families: each scope has its series, one without has none") {
  PythonHeapSnapshot heap = OneProcess();
  heap.sums.main->types = {{"dict", 9, 900}, {"list", 8, 800}};
  heap.sums.main->modules = 3;
  PythonHeapSums& children = heap.sums.children.emplace();
  children.types = {{"list", 7, 700}, {"a", 6, 60}, {"b", 5, 50}};
  children.modules = 4;
  children.generations = {{1, 2, 3}};
  config::CollectorsConfig tops;
  tops.python_heap.top = 1;
  const Snapshot snapshot = Heap(heap);
  CHECK(SamplesOf(snapshot, "leak_python_objects", tops) ==
        Lines{"{target=t,scope=main,class=dict} 9",
              "{target=t,scope=main,class=(other)} 8",
              "{target=t,scope=children,class=list} 7",
              "{target=t,scope=children,class=(other)} 11"});
  CHECK(SamplesOf(snapshot, "leak_python_modules") ==
        Lines{"{target=t,scope=main} 3", "{target=t,scope=children} 4"});
  CHECK(SamplesOf(snapshot, "leak_python_gc_collections_total") ==
        Lines{"{target=t,scope=children,generation=0} 1"});
  // The series that a list's limit withheld, of both scopes together.
  CHECK(SamplesOf(snapshot, "leak_series_dropped", tops) ==
        Lines{"{target=t,family=leak_python_process_objects} 0",
              "{target=t,family=leak_python_process_object_bytes} 0",
              "{target=t,family=leak_python_objects} 3",
              "{target=t,family=leak_python_object_bytes} 3"});
}

TEST_CASE("python families: the processes that hold most, and all main ones") {
  PythonHeapSnapshot heap;
  for (pid_t pid = 100; pid < 130; ++pid) {
    heap.usage.push_back({pid, pid >= 128, "3.11.2",
                          1000 - static_cast<uint64_t>(pid), std::nullopt});
  }
  heap.usage[0].bytes = 5;
  const Snapshot snapshot = Heap(heap);
  const Lines objects = SamplesOf(snapshot, "leak_python_process_objects");
  REQUIRE(objects.size() == 20);
  CHECK(objects[0] == "{target=t,scope=children,pid=100} 900");
  CHECK(objects[19] == "{target=t,scope=children,pid=119} 881");
  CHECK(SamplesOf(snapshot, "leak_python_process_object_bytes") ==
        Lines{"{target=t,scope=children,pid=100} 5"});
  const Lines infos = SamplesOf(snapshot, "leak_python_info");
  REQUIRE(infos.size() == 22);
  CHECK(infos[0] == "{target=t,pid=128,version=3.11.2} 1");
  CHECK(infos[2] == "{target=t,pid=100,version=3.11.2} 1");
  CHECK(SamplesOf(snapshot, "leak_series_dropped") ==
        Lines{"{target=t,family=leak_python_process_objects} 10",
              "{target=t,family=leak_python_process_object_bytes} 10"});
}

TEST_CASE("python families: how whole and how old the sums are") {
  PythonHeapSnapshot heap = OneProcess();
  heap.census.main = {1, 0, 1700000000.5};
  heap.census.children = {9, 9, std::nullopt};
  const Snapshot snapshot = Heap(heap);
  CHECK(SamplesOf(snapshot, "leak_python_interpreters") ==
        Lines{"{target=t,scope=main} 1", "{target=t,scope=children} 9"});
  CHECK(SamplesOf(snapshot, "leak_python_processes_unread") ==
        Lines{"{target=t,scope=main} 0", "{target=t,scope=children} 9"});
  CHECK(SamplesOf(snapshot, "leak_python_oldest_walk_timestamp_seconds") ==
        Lines{"{target=t,scope=main} 1700000000.5"});
}

TEST_CASE("python families: names that repair makes equal are one series") {
  const auto families = BuildFamilies(LimitAtOnce(RichSnapshot(), RichTops()));
  CHECK(SamplesOf(families, "leak_python_objects") ==
        Lines{"{target=analyzer,scope=main,class=dict} 6586",
              "{target=analyzer,scope=main,class=app.Mod\uFFFD} 42",
              "{target=analyzer,scope=main,class=(other)} 105",
              "{target=analyzer,scope=children,class=app.Job} 11295"});
  CHECK(SamplesOf(families, "leak_python_object_bytes") ==
        Lines{"{target=analyzer,scope=main,class=dict} 1048576",
              "{target=analyzer,scope=main,class=app.Mod\uFFFD} 500",
              "{target=analyzer,scope=main,class=(other)} 1050",
              "{target=analyzer,scope=children,class=app.Job} 152043520"});
}

TEST_CASE("python families: objects that are not tracked have no limit") {
  PythonHeapSnapshot heap = OneProcess();
  for (int i = 0; i < 30; ++i) {
    heap.sums.main->untracked.push_back({"type" + std::to_string(i), 1, 1});
  }
  config::CollectorsConfig tops;
  tops.python_heap.top = 2;
  CHECK(SamplesOf(Heap(heap), "leak_python_untracked_objects", tops).size() ==
        30);
  CHECK(SamplesOf(Heap(heap), "leak_series_dropped", tops) ==
        Lines{"{target=t,family=leak_python_process_objects} 0",
              "{target=t,family=leak_python_process_object_bytes} 0",
              "{target=t,family=leak_python_untracked_objects} 0",
              "{target=t,family=leak_python_untracked_object_bytes} 0"});
}

TEST_CASE("python families: what the collector says is by generation") {
  PythonHeapSnapshot heap = OneProcess();
  heap.sums.main->generations = {{120, 4000, 1}, {10, 300, 2}};
  heap.sums.main->gc_counts = {350, -7, 2};
  const Snapshot snapshot = Heap(heap);
  CHECK(SamplesOf(snapshot, "leak_python_gc_collections_total") ==
        Lines{"{target=t,scope=main,generation=0} 120",
              "{target=t,scope=main,generation=1} 10"});
  CHECK(SamplesOf(snapshot, "leak_python_gc_collected_objects_total") ==
        Lines{"{target=t,scope=main,generation=0} 4000",
              "{target=t,scope=main,generation=1} 300"});
  CHECK(SamplesOf(snapshot, "leak_python_gc_uncollectable_objects_total") ==
        Lines{"{target=t,scope=main,generation=0} 1",
              "{target=t,scope=main,generation=1} 2"});
  CHECK(SamplesOf(snapshot, "leak_python_gc_pending") ==
        Lines{"{target=t,scope=main,generation=0} 350",
              "{target=t,scope=main,generation=1} -7",
              "{target=t,scope=main,generation=2} 2"});
}

TEST_CASE("python families: the interpreter, its arenas and the walk") {
  PythonHeapSnapshot heap = OneProcess();
  heap.sums.main->modules = 150;
  heap.sums.main->arena_bytes = 64;
  heap.sums.main->permanent_objects = 5;
  heap.sums.main->walk_duration_seconds = 0.5;
  heap.sums.main->walk_complete = true;
  const auto families = BuildFamilies(LimitAtOnce(Heap(heap)));
  CHECK(SamplesOf(families, "leak_python_info") ==
        Lines{"{target=t,pid=7,version=3.11.2} 1"});
  CHECK(SamplesOf(families, "leak_python_modules") ==
        Lines{"{target=t,scope=main} 150"});
  CHECK(SamplesOf(families, "leak_python_arena_bytes") ==
        Lines{"{target=t,scope=main} 64"});
  CHECK(SamplesOf(families, "leak_python_arena_used_bytes").empty());
  CHECK(SamplesOf(families, "leak_python_permanent_objects") ==
        Lines{"{target=t,scope=main} 5"});
  CHECK(SamplesOf(families, "leak_python_walk_duration_seconds") ==
        Lines{"{target=t,scope=main} 0.5"});
  CHECK(SamplesOf(families, "leak_python_walk_complete") ==
        Lines{"{target=t,scope=main} 1"});
}

}  // namespace
}  // namespace leak_exporter::render
