// Walks recorded Python heaps whose bytes libFuzzer changes: whatever is in
// another process's memory, the walk must end, within bounds, and without a
// fault. Starts well from tests/fixtures/cpython/heaps/small.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <string_view>

#include "metrics/base/clock.h"
#include "metrics/cpython/heap/arena_usage.h"
#include "metrics/cpython/heap/heap_walk.h"
#include "metrics/cpython/repr/repr.h"
#include "metrics/cpython/runtime/gc_list_walker.h"
#include "metrics/cpython/runtime/gc_statistics.h"
#include "metrics/cpython/sizes/heap_measurer.h"
#include "metrics/cpython/sizes/untracked_counter.h"
#include "tests/metrics/cpython/recorded_heap.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace leak_exporter::cpython {
namespace {

void Walk(const RecordedHeap& heap) {
  const SystemClock clock;
  const Deadline deadline = Deadline::After(clock, std::chrono::seconds(1));
  const Layout& layout = heap.runtime.layout;
  const Interpreter& interpreter = heap.runtime.interpreters.front();
  if (layout.gc.generations != kAbsent) {
    const auto heads = FindGenerations(heap.memory, layout, heap.gc);
    if (heads) {
      for (const RemoteAddr head : *heads) {
        (void)WalkGcList(heap.memory, layout, head, 10'000, deadline);
      }
    }
  }
  (void)ReadGcStatistics(heap.memory, layout, interpreter);
  (void)ReadModuleCount(heap.memory, layout, interpreter);
  auto arenas = ReadArenas(heap.memory, heap.runtime);
  TypeTable types(heap.memory, layout);
  HeapMeasurer measurer(types, 10);
  ArenaMeter meter(layout, arenas && *arenas ? **arenas : std::vector<Arena>());
  UntrackedCounter untracked(types,
                             FindUntrackedTypes(types, interpreter.modules));
  HeapVisitors visitors({&measurer, &meter, &untracked});
  HeapWalkLimits limits;
  limits.permanent_objects = 10'000;
  limits.scan.bytes = uint64_t{4} << 20;
  (void)WalkHeap(heap.memory, heap.runtime, heap.ranges, types, visitors,
                 limits, deadline);
  measurer.Finish();
  for (TypeIndex i = 0; i < types.size(); ++i) (void)types.ReadName(i);
  ReprPrinter printer(types);
  for (const RankedObject& object : measurer.by_bytes().objects()) {
    (void)printer.Print(object.address);
  }
}

// Where the memory image begins, or npos.
size_t FindImage(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t end = text.find("\n\n");
  return end == std::string_view::npos ? end : end + 2;
}

// Puts words where a walk will meet them: those that stand elsewhere in the
// image (addresses of objects, types, list heads), and numbers at the edges.
void ChangeWord(uint8_t* image, size_t size, std::minstd_rand& random) {
  constexpr uint64_t kNumbers[] = {
      0,          1,          2,          3,           0x7f,       0xff,
      0xffff,     0x10000,    0x7fffffff, 0xffffffff,  1ULL << 47, 1ULL << 48,
      1ULL << 62, 1ULL << 63, ~0ULL,      ~0ULL - 4095};
  const size_t words = size / sizeof(uint64_t);
  if (words < 2) return;
  const size_t to = random() % words;
  uint64_t word = 0;
  switch (random() % 4) {
    case 0:
      word = kNumbers[random() % std::size(kNumbers)];
      break;
    case 1:
      std::memcpy(&word, image + to * sizeof(word), sizeof(word));
      word += random() % 64 - 32;
      break;
    case 2:
      std::memcpy(&word, image + to * sizeof(word), sizeof(word));
      word ^= uint64_t{1} << random() % 64;
      break;
    default:
      std::memcpy(&word, image + random() % words * sizeof(word), sizeof(word));
      break;
  }
  std::memcpy(image + to * sizeof(word), &word, sizeof(word));
}

}  // namespace
}  // namespace leak_exporter::cpython

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size,
                                          size_t max_size, unsigned seed) {
  using namespace leak_exporter::cpython;
  std::minstd_rand random(seed);
  const size_t image = FindImage(data, size);
  // Now and then anything, header and segments included.
  if (image >= size || random() % 16 == 0) {
    return LLVMFuzzerMutate(data, size, max_size);
  }
  const size_t changes = 1 + random() % 8;
  for (size_t i = 0; i < changes; ++i) {
    ChangeWord(data + image, size - image, random);
  }
  return size;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace leak_exporter::cpython;
  const auto heap =
      RecordedHeap::Parse({reinterpret_cast<const char*>(data), size});
  if (heap) Walk(*heap);
  return 0;
}
