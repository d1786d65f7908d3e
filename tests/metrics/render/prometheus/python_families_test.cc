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
  heap.types = {{"dict", 9, 900},
                {"list", 8, std::nullopt},
                {"a", 4, std::nullopt},
                {"b", 3, 30},
                {"c", 2, 20}};
  config::CollectorsConfig tops;
  tops.python_heap.top = 2;
  const Snapshot snapshot = Heap(heap);
  CHECK(SamplesOf(snapshot, "leak_python_objects", tops) ==
        Lines{"{target=t,class=dict} 9", "{target=t,class=list} 8",
              "{target=t,class=(other)} 9"});
  CHECK(SamplesOf(snapshot, "leak_python_object_bytes", tops) ==
        Lines{"{target=t,class=dict} 900", "{target=t,class=(other)} 50"});
  CHECK(SamplesOf(snapshot, "leak_series_dropped", tops) ==
        Lines{"{target=t,family=leak_python_objects} 3",
              "{target=t,family=leak_python_object_bytes} 3"});
}

TEST_CASE("python families: names that repair makes equal are one series") {
  const auto families = BuildFamilies(LimitAtOnce(RichSnapshot(), RichTops()));
  CHECK(SamplesOf(families, "leak_python_objects") ==
        Lines{"{target=analyzer,class=dict} 6586",
              "{target=analyzer,class=app.Mod\uFFFD} 42",
              "{target=analyzer,class=(other)} 105"});
  CHECK(SamplesOf(families, "leak_python_object_bytes") ==
        Lines{"{target=analyzer,class=dict} 1048576",
              "{target=analyzer,class=app.Mod\uFFFD} 500",
              "{target=analyzer,class=(other)} 1050"});
}

TEST_CASE("python families: objects that are not tracked have no limit") {
  PythonHeapSnapshot heap = OneProcess();
  for (int i = 0; i < 30; ++i) {
    heap.untracked.push_back({"type" + std::to_string(i), 1, 1});
  }
  config::CollectorsConfig tops;
  tops.python_heap.top = 2;
  CHECK(SamplesOf(Heap(heap), "leak_python_untracked_objects", tops).size() ==
        30);
  CHECK(SamplesOf(Heap(heap), "leak_series_dropped", tops) ==
        Lines{"{target=t,family=leak_python_untracked_objects} 0",
              "{target=t,family=leak_python_untracked_object_bytes} 0"});
}

TEST_CASE("python families: what the collector says is by generation") {
  PythonHeapSnapshot heap = OneProcess();
  heap.generations = {{120, 4000, 1}, {10, 300, 2}};
  heap.gc_counts = {350, -7, 2};
  const Snapshot snapshot = Heap(heap);
  CHECK(SamplesOf(snapshot, "leak_python_gc_collections_total") ==
        Lines{"{target=t,generation=0} 120", "{target=t,generation=1} 10"});
  CHECK(SamplesOf(snapshot, "leak_python_gc_collected_objects_total") ==
        Lines{"{target=t,generation=0} 4000", "{target=t,generation=1} 300"});
  CHECK(SamplesOf(snapshot, "leak_python_gc_uncollectable_objects_total") ==
        Lines{"{target=t,generation=0} 1", "{target=t,generation=1} 2"});
  CHECK(SamplesOf(snapshot, "leak_python_gc_pending") ==
        Lines{"{target=t,generation=0} 350", "{target=t,generation=1} -7",
              "{target=t,generation=2} 2"});
}

TEST_CASE("python families: the interpreter, its arenas and the walk") {
  PythonHeapSnapshot heap = OneProcess();
  heap.modules = 150;
  heap.arena_bytes = 64;
  heap.permanent_objects = 5;
  heap.walk_duration_seconds = 0.5;
  heap.walk_complete = true;
  const auto families = BuildFamilies(LimitAtOnce(Heap(heap)));
  CHECK(SamplesOf(families, "leak_python_info") ==
        Lines{"{target=t,pid=7,version=3.11.2} 1"});
  CHECK(SamplesOf(families, "leak_python_modules") == Lines{"{target=t} 150"});
  CHECK(SamplesOf(families, "leak_python_arena_bytes") ==
        Lines{"{target=t} 64"});
  CHECK(SamplesOf(families, "leak_python_arena_used_bytes").empty());
  CHECK(SamplesOf(families, "leak_python_permanent_objects") ==
        Lines{"{target=t} 5"});
  CHECK(SamplesOf(families, "leak_python_walk_duration_seconds") ==
        Lines{"{target=t} 0.5"});
  CHECK(SamplesOf(families, "leak_python_walk_complete") ==
        Lines{"{target=t} 1"});
}

}  // namespace
}  // namespace leak_exporter::render
