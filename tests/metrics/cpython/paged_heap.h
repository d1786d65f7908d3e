#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/catch.h"
#include "tests/metrics/cpython/recorded_heap.h"
#include "tests/metrics/remote/memory_builder.h"

namespace leak_exporter::cpython {

/// A recorded heap in whole pages, as processes have them. What was not
/// recorded of a page is 0.
class PagedHeap {
 public:
  explicit PagedHeap(RecordedHeap heap)
      : heap_(std::move(heap)), memory_(InPages(heap_.memory)) {
    for (const MemorySegment& page : memory_.segments()) {
      mapped_.push_back(RangeAt(page.address, page.bytes.size()));
    }
    // The recordings have no arenas.
    for (Interpreter& interpreter : heap_.runtime.interpreters) {
      interpreter.obmalloc.reset();
    }
  }

  /// One of fixtures/cpython/heaps/small.
  static PagedHeap Small(const std::string& version) {
    auto heap = RecordedHeap::Load(LEAK_TEST_FIXTURES "/cpython/heaps/small/" +
                                   version + ".heap");
    if (!heap) FAIL(heap.error().message);
    return PagedHeap(*std::move(heap));
  }

  const ImageMemory& memory() const { return memory_; }
  const std::vector<AddressRange>& mapped() const { return mapped_; }
  const PythonRuntime& runtime() const { return heap_.runtime; }
  const Layout& layout() const { return heap_.runtime.layout; }
  const std::vector<AddressRange>& ranges() const { return heap_.ranges; }
  const std::map<std::string, RecordedObject>& objects() const {
    return heap_.objects;
  }

 private:
  static ImageMemory InPages(const ImageMemory& image) {
    MemoryBuilder memory;
    for (const MemorySegment& segment : image.segments()) {
      memory.PutBytes(segment.address, segment.bytes);
    }
    return memory.Build();
  }

  RecordedHeap heap_;
  ImageMemory memory_;
  std::vector<AddressRange> mapped_;
};

}  // namespace leak_exporter::cpython
