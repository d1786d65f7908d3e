#include "metrics/cpython/runtime/gc_list_walker.h"

#include <cerrno>
#include <chrono>
#include <vector>

#include "metrics/base/clock.h"
#include "tests/catch.h"
#include "tests/metrics/cpython/heap/synthetic_heap.h"
#include "tests/metrics/remote/faulty_memory.h"

namespace leak_exporter::cpython {
namespace {

Result<GcListWalk> Walk(const RemoteMemory& memory, const SyntheticHeap& heap,
                        size_t limit = 1000) {
  const SystemClock clock;
  return WalkGcList(memory, heap.layout(), heap.head(), limit,
                    Deadline::Never(clock));
}

std::vector<RemoteAddr> AddObjects(SyntheticHeap& heap, uint64_t count) {
  const RemoteAddr type = heap.AddType("thing", type_flags::kHaveGc);
  std::vector<RemoteAddr> objects;
  for (uint64_t i = 0; i < count; ++i) {
    objects.push_back(heap.AddObject(i * 64, type));
  }
  return objects;
}

TEST_CASE("gc list: a ring is walked to its end, an empty one too") {
  SyntheticHeap heap(64 << 10);
  CHECK(Walk(heap.Memory(), heap)->whole);
  const auto objects = AddObjects(heap, 100);
  const auto walk = Walk(heap.Memory(), heap);
  REQUIRE(walk.has_value());
  CHECK(walk->whole);
  CHECK(walk->objects == objects);
}

TEST_CASE("gc list: a link that is not returned ends it, as torn") {
  SyntheticHeap heap(64 << 10);
  const auto objects = AddObjects(heap, 100);
  // Skips ahead, as a walk does when a block is freed and linked anew.
  heap.Put(objects[10] - SyntheticHeap::kHead, 0,
           Value(objects[50] - SyntheticHeap::kHead));
  const auto walk = Walk(heap.Memory(), heap);
  REQUIRE(walk.has_value());
  CHECK_FALSE(walk->whole);
  CHECK(walk->objects.size() == 11);
}

TEST_CASE("gc list: a ring within the list ends at the limit") {
  SyntheticHeap heap(64 << 10);
  const auto objects = AddObjects(heap, 3);
  const auto head = [&](size_t i) { return objects[i] - SyntheticHeap::kHead; };
  heap.PutLink(head(1), head(2), head(2));
  heap.PutLink(head(2), head(1), head(1));
  // The way in holds a count, as during a collection, and so cannot be judged.
  heap.Put(head(1), 8, uint64_t{1} << 2 | 2);
  const auto walk = Walk(heap.Memory(), heap, 500);
  REQUIRE(walk.has_value());
  CHECK_FALSE(walk->whole);
  CHECK(walk->objects.size() == 500);
}

TEST_CASE(
    "gc list: a process that ends in the middle is gone, a page that is "
    "missing a tear") {
  SyntheticHeap heap(64 << 10);
  AddObjects(heap, 100);
  const ImageMemory image = heap.Memory();
  const int code = GENERATE(ESRCH, EFAULT);
  const FaultyMemory memory(image, [&](size_t read, RemoteAddr, size_t) {
    return read == 20 ? Fault{code, {}} : Fault{};
  });
  const auto walk = Walk(memory, heap);
  if (code == ESRCH) {
    REQUIRE_FALSE(walk.has_value());
    CHECK(IsGone(walk.error()));
  } else {
    REQUIRE(walk.has_value());
    CHECK_FALSE(walk->whole);
  }
}

/// The collector's state with empty lists, which begin `shift` bytes before
/// upstream's place.
ImageMemory MakeGcState(const Layout& layout, RemoteAddr gc, Offset shift) {
  std::vector<std::byte> bytes(512);
  const auto put = [&](uint64_t offset, uint64_t value, size_t size) {
    std::memcpy(bytes.data() + offset, &value, size);
  };
  for (uint64_t i = 0; i < 3; ++i) {
    const uint64_t head =
        layout.gc.generations - shift + i * layout.generation.size;
    put(head, Value(gc + head), 8);
    put(head + 8, Value(gc + head), 8);
    put(head + layout.generation.threshold, 700, 4);
  }
  return *ImageMemory::FromSegments({{gc, bytes}});
}

TEST_CASE("gc list: heads are found at upstream's place and at Debian's") {
  const Layout layout = *FindLayout({3, 13, 0}, false);
  const RemoteAddr gc{0x10000000};
  for (const Offset shift : {0u, 4u}) {
    const auto heads =
        FindGenerations(MakeGcState(layout, gc, shift), layout, gc);
    REQUIRE(heads.has_value());
    CHECK(*heads ==
          std::vector{gc + 24 - shift, gc + 48 - shift, gc + 72 - shift});
  }
}

TEST_CASE(
    "gc list: heads that are not there are an error that names the place") {
  const Layout layout = *FindLayout({3, 13, 0}, false);
  const RemoteAddr gc{0x10000000};
  const auto heads = FindGenerations(MakeGcState(layout, gc, 8), layout, gc);
  REQUIRE_FALSE(heads.has_value());
  CHECK(heads.error().message ==
        "the collector's lists are not where CPython 3.13.0 has them (at "
        "0x10000018)");
}

}  // namespace
}  // namespace leak_exporter::cpython
