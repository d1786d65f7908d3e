#include "tests/metrics/cpython/recorded_heap.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "metrics/base/clock.h"
#include "metrics/cpython/heap/heap_walk.h"
#include "metrics/cpython/runtime/gc_list_walker.h"
#include "metrics/cpython/runtime/gc_statistics.h"
#include "metrics/cpython/sizes/heap_measurer.h"
#include "tests/catch.h"
#include "tests/metrics/cpython/recorded_objects.h"
#include "tests/metrics/remote/faulty_memory.h"

namespace leak_exporter::cpython {
namespace {

const std::filesystem::path kHeaps = LEAK_TEST_FIXTURES "/cpython/heaps";

std::string ReadAll(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE(file.good());
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

RecordedHeap LoadHeap() {
  auto heap = RecordedHeap::Load(kHeaps / "3.11.2.heap.gz");
  if (!heap) FAIL(heap.error().message);
  return *std::move(heap);
}

struct Walked {
  HeapWalk walk;
  std::map<std::string, uint64_t> counts;
};

Result<Walked> Walk(const RemoteMemory& memory, const RecordedHeap& heap) {
  const SystemClock clock;
  TypeTable types(memory, heap.runtime.layout);
  HeapMeasurer measurer(types, 10);
  auto walk = WalkHeap(memory, heap.runtime, heap.ranges, types, measurer,
                       HeapWalkLimits(), Deadline::Never(clock));
  if (!walk) return tl::unexpected<Error>(walk.error());
  measurer.Finish();
  Walked walked{*std::move(walk), {}};
  for (TypeIndex i = 0; i < measurer.usage().size(); ++i) {
    const uint64_t objects = measurer.usage()[i].objects;
    if (objects == 0) continue;
    const auto name = types.ReadName(i);
    walked.counts[name ? *name : "(unknown)"] += objects;
  }
  return walked;
}

TEST_CASE("recorded heap: counts by type are what the interpreter counted") {
  const RecordedHeap heap = LoadHeap();
  const auto walked = Walk(heap.memory, heap);
  REQUIRE(walked.has_value());
  CHECK(walked->walk.incomplete.empty());
  auto counts = walked->counts;
  // The census left out its own.
  counts.erase("frame");
  REQUIRE(heap.expected.size() > 20);
  for (const auto& [name, count] : heap.expected) {
    INFO(name);
    CHECK(counts[name] == count);
  }
  for (const auto& [name, count] : counts) {
    INFO(name << ' ' << count);
    CHECK(heap.expected.count(name) == 1);
  }
}

TEST_CASE("recorded heap: lists, statistics and modules are found") {
  const RecordedHeap heap = LoadHeap();
  const Layout& layout = heap.runtime.layout;
  const Interpreter& interpreter = heap.runtime.interpreters.front();
  CHECK(FindGenerations(heap.memory, layout, heap.gc).has_value());
  const auto statistics = ReadGcStatistics(heap.memory, layout, interpreter);
  REQUIRE(statistics.has_value());
  REQUIRE(statistics->has_value());
  // gc.collect() was called once, and collection is off.
  CHECK((**statistics)[2].collections == 1);
  CHECK(ReadModuleCount(heap.memory, layout, interpreter)->value_or(0) > 10);
}

TEST_CASE("recorded heap: a process that ends is gone, whenever it does") {
  const RecordedHeap heap = LoadHeap();
  const FaultyMemory counting(
      heap.memory, [](size_t, RemoteAddr, size_t) { return Fault{}; });
  REQUIRE(Walk(counting, heap).has_value());
  const size_t step = counting.reads() / 50 + 1;
  for (size_t end = 0; end < counting.reads(); end += step) {
    INFO(end);
    const FaultyMemory memory(heap.memory,
                              [end](size_t read, RemoteAddr, size_t) {
                                return read >= end ? Fault{ESRCH, {}} : Fault{};
                              });
    const auto walked = Walk(memory, heap);
    // What is known of types may be missing without being noticed at once.
    if (!walked) CHECK(IsGone(walked.error()));
  }
}

TEST_CASE("recorded heap: reads that fail here and there only lose objects") {
  const RecordedHeap heap = LoadHeap();
  uint64_t all = 0;
  for (const auto& [name, count] : heap.expected) all += count;
  for (const size_t every : {2, 3, 7, 100}) {
    INFO(every);
    const FaultyMemory memory(
        heap.memory, [every](size_t read, RemoteAddr, size_t) {
          return read % every == 1 ? Fault{EFAULT, {}} : Fault{};
        });
    const auto walked = Walk(memory, heap);
    REQUIRE(walked.has_value());
    CHECK(walked->walk.scan.objects <= all + 1);
  }
}

TEST_CASE("recorded objects: every recording is compared with") {
  std::vector<std::string> recordings;
  for (const auto& entry : std::filesystem::directory_iterator(
           LEAK_TEST_FIXTURES "/cpython/objects")) {
    const std::string name = entry.path().filename();
    const std::string suffix = ".heap.gz";
    if (!name.ends_with(suffix)) continue;
    recordings.push_back(name.substr(0, name.size() - suffix.size()));
  }
  std::vector<std::string> compared = kRecordedVersions;
  std::ranges::sort(recordings);
  std::ranges::sort(compared);
  CHECK(recordings == compared);
}

TEST_CASE("recorded heap: the small ones, of all versions, can be walked") {
  size_t heaps = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(kHeaps / "small")) {
    INFO(entry.path());
    const auto heap = RecordedHeap::Parse(ReadAll(entry.path()));
    REQUIRE(heap.has_value());
    const auto walked = Walk(heap->memory, *heap);
    REQUIRE(walked.has_value());
    CHECK(walked->walk.scan.objects > 20);
    CHECK(walked->counts.count("(unknown)") == 0);
    CHECK(heap->Serialize() == ReadAll(entry.path()));
    ++heaps;
  }
  CHECK(heaps >= 7);
}

}  // namespace
}  // namespace leak_exporter::cpython
