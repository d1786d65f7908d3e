#include "metrics/cpython/heap/heap_walk.h"

#include <cerrno>
#include <vector>

#include "metrics/base/clock.h"
#include "metrics/cpython/heap/type_counter.h"
#include "tests/catch.h"
#include "tests/metrics/cpython/heap/synthetic_heap.h"
#include "tests/metrics/remote/faulty_memory.h"

namespace leak_exporter::cpython {
namespace {

/// Ten objects, the last three of which stand in a permanent generation.
struct Heap {
  Heap() : memory(Build()) {}

  ImageMemory Build() {
    const RemoteAddr type = heap.AddType("thing", type_flags::kHaveGc);
    std::vector<RemoteAddr> objects;
    for (uint64_t i = 0; i < 10; ++i) {
      objects.push_back(heap.AddObject(64 * (i + 1), type));
    }
    const auto link = [this](RemoteAddr a, RemoteAddr b) {
      heap.Put(a, 0, Value(b));
      heap.Put(b, 8, Value(a));
    };
    const auto head = [&](size_t i) {
      return objects[i] - SyntheticHeap::kHead;
    };
    link(head(6), heap.head());
    permanent = SyntheticHeap::kHeap;
    link(permanent, head(7));
    link(head(9), permanent);
    runtime.layout = heap.layout();
    runtime.interpreters.resize(1);
    runtime.interpreters.front().gc.permanent_generation = permanent;
    return heap.Memory();
  }

  Result<HeapWalk> Walk(const RemoteMemory& from,
                        const HeapWalkLimits& limits = {}) {
    const SystemClock clock;
    TypeTable types(from, runtime.layout);
    const std::vector<AddressRange> ranges = {heap.range()};
    return WalkHeap(from, runtime, ranges, types, counter, limits,
                    Deadline::Never(clock));
  }

  SyntheticHeap heap{8192};
  RemoteAddr permanent{};
  PythonRuntime runtime;
  ImageMemory memory;
  TypeCounter counter;
};

TEST_CASE("walk: the permanent generation is counted, and not visited") {
  Heap heap;
  const auto walk = heap.Walk(heap.memory);
  REQUIRE(walk.has_value());
  CHECK(walk->permanent_objects == 3);
  CHECK(walk->scan.objects == 7);
  CHECK(walk->incomplete.empty());
}

TEST_CASE("walk: without one, all objects are visited") {
  Heap heap;
  heap.runtime.interpreters.front().gc.permanent_generation.reset();
  const auto walk = heap.Walk(heap.memory);
  REQUIRE(walk.has_value());
  CHECK_FALSE(walk->permanent_objects);
  CHECK(walk->scan.objects == 10);
}

TEST_CASE("walk: more permanent objects than allowed make it incomplete") {
  Heap heap;
  HeapWalkLimits limits;
  limits.permanent_objects = 2;
  const auto walk = heap.Walk(heap.memory, limits);
  REQUIRE(walk.has_value());
  CHECK_FALSE(walk->permanent_objects);
  CHECK(walk->incomplete == "the permanent generation is torn or too long");
}

TEST_CASE("walk: what cuts the scan short makes it incomplete") {
  Heap heap;
  HeapWalkLimits limits;
  limits.scan.bytes = 0;
  const auto walk = heap.Walk(heap.memory, limits);
  REQUIRE(walk.has_value());
  CHECK(walk->scan.objects == 0);
  CHECK(walk->incomplete == "too much memory");
}

TEST_CASE("walk: an interpreter's own state holds no objects") {
  Heap heap;
  // The head of the first object is at 64, the fifth one's at 5 * 64.
  heap.runtime.layout.interpreter.size = 4 * 64;
  heap.runtime.interpreters.front().address = SyntheticHeap::kHeap + 64;
  const auto walk = heap.Walk(heap.memory);
  REQUIRE(walk.has_value());
  CHECK(walk->scan.objects == 3);
}

TEST_CASE("walk: a process that ends before the scan is gone") {
  Heap heap;
  const FaultyMemory memory(heap.memory, [](size_t, RemoteAddr, size_t) {
    return Fault{ESRCH, {}};
  });
  const auto walk = heap.Walk(memory);
  REQUIRE_FALSE(walk.has_value());
  CHECK(IsGone(walk.error()));
}

}  // namespace
}  // namespace leak_exporter::cpython
