#include "metrics/cpython/heap/tracked_object.h"

#include "tests/catch.h"
#include "tests/metrics/cpython/heap/synthetic_heap.h"

namespace leak_exporter::cpython {
namespace {

TEST_CASE("tracked object: only one of that type to which the next points") {
  SyntheticHeap heap(8192);
  const RemoteAddr type = heap.AddType("thing", type_flags::kHaveGc);
  const RemoteAddr other = heap.AddType("other", type_flags::kHaveGc);
  const RemoteAddr first = heap.AddObject(0, type);
  const RemoteAddr last = heap.AddObject(64, type);
  const auto is_tracked = [&](RemoteAddr object) {
    return IsTrackedObject(heap.Memory(), heap.layout(), object, type);
  };
  CHECK(is_tracked(first));
  CHECK(is_tracked(last));
  CHECK_FALSE(is_tracked(first + 16));
  CHECK_FALSE(is_tracked(RemoteAddr{16}));
  CHECK_FALSE(IsTrackedObject(heap.Memory(), heap.layout(), first, other));
  // Freed, and of another neighbour.
  heap.PutLink(last - SyntheticHeap::kHead, heap.head(), heap.head());
  CHECK_FALSE(is_tracked(first));
  heap.PutLink(last - SyntheticHeap::kHead, {}, {});
  CHECK_FALSE(is_tracked(last));
}

}  // namespace
}  // namespace leak_exporter::cpython
