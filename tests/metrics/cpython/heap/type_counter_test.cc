#include "metrics/cpython/heap/type_counter.h"

#include "tests/catch.h"
#include "tests/metrics/cpython/heap/synthetic_heap.h"

namespace leak_exporter::cpython {
namespace {

TEST_CASE("type counter: objects are added up by type, block after block") {
  SyntheticHeap heap(4096);
  const RemoteAddr first = heap.AddType("first", type_flags::kHaveGc);
  const RemoteAddr second = heap.AddType("second", type_flags::kHaveGc);
  const ImageMemory memory = heap.Memory();
  TypeTable types(memory, heap.layout());
  const TypeIndex a = types.Find(first);
  TypeCounter counter;
  const ObjectRef early[] = {{0, a}, {64, a}};
  counter.Visit({SyntheticHeap::kHeap, {}, early}, types);
  CHECK(counter.counts()[a] == 2);
  // A type that was met later.
  const TypeIndex b = types.Find(second);
  REQUIRE(b != kNoType);
  const ObjectRef late[] = {{0, b}, {64, a}, {128, b}};
  counter.Visit({SyntheticHeap::kHeap, {}, late}, types);
  counter.Visit({SyntheticHeap::kHeap, {}, {}}, types);
  REQUIRE(counter.counts().size() == types.size());
  CHECK(counter.counts()[a] == 3);
  CHECK(counter.counts()[b] == 2);
}

}  // namespace
}  // namespace leak_exporter::cpython
