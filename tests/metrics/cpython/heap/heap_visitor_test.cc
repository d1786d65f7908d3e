#include "metrics/cpython/heap/heap_visitor.h"

#include <array>
#include <string>

#include "tests/catch.h"
#include "tests/metrics/cpython/heap/synthetic_heap.h"

namespace leak_exporter::cpython {
namespace {

TEST_CASE("heap block: bytes are found by address, all of them or none") {
  const std::array<std::byte, 64> bytes{};
  const HeapBlock block = {RemoteAddr{0x1000}, bytes, {}};
  CHECK(block.Find(RemoteAddr{0x1000}, 64).size() == 64);
  CHECK(block.Find(RemoteAddr{0x1010}, 8).data() == bytes.data() + 16);
  CHECK(block.Find(RemoteAddr{0x1001}, 64).empty());
  CHECK(block.Find(RemoteAddr{0xfff}, 8).empty());
  CHECK(block.Find(RemoteAddr{0x1040}, 1).empty());
  CHECK(block.Find(RemoteAddr{UINT64_MAX}, 8).empty());
  CHECK(block.Find(RemoteAddr{0x1000}, SIZE_MAX).empty());
  CHECK(block.AddressOf({32, 0}) == RemoteAddr{0x1020});
}

class Noting final : public HeapVisitor {
 public:
  Noting(std::string& order, char name) : order_(order), name_(name) {}
  void Visit(const HeapBlock&, TypeTable&) override { order_ += name_; }
  void Retract(const HeapBlock&, TypeTable&) override { order_ += '-'; }

 private:
  std::string& order_;
  char name_;
};

TEST_CASE("heap visitors: each sees each block, in the order that was given") {
  const SyntheticHeap heap(4096);
  const ImageMemory memory = heap.Memory();
  TypeTable types(memory, heap.layout());
  std::string order;
  Noting a(order, 'a');
  Noting b(order, 'b');
  HeapVisitors visitors({&b, &a});
  visitors.Visit({}, types);
  visitors.Visit({}, types);
  visitors.Retract({}, types);
  CHECK(order == "baba--");
}

}  // namespace
}  // namespace leak_exporter::cpython
