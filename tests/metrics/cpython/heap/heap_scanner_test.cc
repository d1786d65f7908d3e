#include "metrics/cpython/heap/heap_scanner.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <vector>

#include "metrics/base/clock.h"
#include "tests/catch.h"
#include "tests/metrics/cpython/heap/synthetic_heap.h"
#include "tests/metrics/remote/faulty_memory.h"

namespace leak_exporter::cpython {
namespace {

constexpr uint64_t kTracked = type_flags::kHaveGc;

class Collector final : public HeapVisitor {
 public:
  void Visit(const HeapBlock& block, TypeTable&) override {
    for (const ObjectRef& object : block.objects) {
      objects.push_back(block.AddressOf(object));
      CHECK(block.Find(block.AddressOf(object), 16).size() == 16);
    }
  }

  void Retract(const HeapBlock& block, TypeTable&) override {
    REQUIRE(block.objects.size() == 1);
    retracted.push_back(block.AddressOf(block.objects[0]));
    std::erase(objects, retracted.back());
  }

  std::vector<RemoteAddr> objects;
  std::vector<RemoteAddr> retracted;
};

struct Scanned {
  ScanReport report;
  std::vector<RemoteAddr> objects;
  std::vector<RemoteAddr> retracted;
};

Result<Scanned> Scan(const RemoteMemory& memory, const SyntheticHeap& heap,
                     const std::vector<RemoteAddr>& left_out = {},
                     ScanLimits limits = {}) {
  const SystemClock clock;
  TypeTable types(memory, heap.layout());
  Collector collector;
  HeapScanner scanner(memory, types, limits);
  const std::vector<AddressRange> ranges = {heap.range()};
  const auto report =
      scanner.Scan(ranges, left_out, collector, Deadline::Never(clock));
  if (!report) return tl::unexpected<Error>(report.error());
  return Scanned{*report, collector.objects, collector.retracted};
}

TEST_CASE("scan: finds what is linked, wherever windows begin and end") {
  constexpr uint64_t kWindow = 1 << 20;
  SyntheticHeap heap(3 * kWindow + 4096);
  const RemoteAddr type = heap.AddType("thing", kTracked);
  std::vector<RemoteAddr> objects;
  for (const uint64_t offset :
       {uint64_t{0}, uint64_t{32}, kWindow - 4096, kWindow - 64, kWindow - 16,
        kWindow + 16, 2 * kWindow - 4160, 2 * kWindow - 64, 2 * kWindow + 4096,
        3 * kWindow + 4096 - 48}) {
    objects.push_back(heap.AddObject(offset, type));
  }
  const auto scanned = Scan(heap.Memory(), heap);
  REQUIRE(scanned.has_value());
  CHECK(scanned->objects == objects);
  CHECK(scanned->report.objects == objects.size());
  CHECK(scanned->report.rejected == 0);
  CHECK(scanned->report.cut_short.empty());
}

TEST_CASE("scan: neither untracked nor freed objects, nor other types") {
  SyntheticHeap heap(8192);
  const RemoteAddr tracked = heap.AddType("tracked", kTracked);
  const RemoteAddr plain = heap.AddType("plain", 0);
  const RemoteAddr kept = heap.AddObject(0, tracked);
  heap.AddObject(64, plain);
  const RemoteAddr untracked = heap.AddObject(128, tracked);
  heap.PutLink(untracked - SyntheticHeap::kHead, {}, {});
  const RemoteAddr not_a_type = heap.AddObject(192, kept);
  (void)not_a_type;
  const RemoteAddr no_count = heap.AddObject(256, tracked);
  heap.Put(no_count, 0, 0);
  const auto scanned = Scan(heap.Memory(), heap);
  REQUIRE(scanned.has_value());
  CHECK(scanned->objects == std::vector{kept});
}

TEST_CASE("scan: the remains of an object that was moved are rejected") {
  SyntheticHeap heap(8192);
  const RemoteAddr type = heap.AddType("thing", kTracked);
  const RemoteAddr first = heap.AddObject(0, type);
  const RemoteAddr second = heap.AddObject(64, type);
  // A copy of the first, to which the second does not point back.
  for (uint64_t at = 0; at < 32; at += 8) {
    heap.Put(SyntheticHeap::kHeap + 1024, at,
             heap.Get(SyntheticHeap::kHeap + at));
  }
  const auto scanned = Scan(heap.Memory(), heap);
  REQUIRE(scanned.has_value());
  CHECK(scanned->objects == std::vector{first, second});
  CHECK(scanned->report.rejected == 1);
}

TEST_CASE(
    "scan: a count in the link's place, as collections leave it, is right") {
  SyntheticHeap heap(8192);
  const RemoteAddr type = heap.AddType("thing", kTracked);
  std::vector<RemoteAddr> objects;
  for (uint64_t i = 0; i < 10; ++i) {
    objects.push_back(heap.AddObject(i * 64, type));
  }
  for (const RemoteAddr object : objects) {
    heap.Put(object - 8, 0, uint64_t{3} << 2 | 2);
  }
  const auto scanned = Scan(heap.Memory(), heap);
  REQUIRE(scanned.has_value());
  CHECK(scanned->objects == objects);
}

/// Words that look like a tracked object: what stood in a library's variables
/// beside numpy's arrays. Its `next` is in the heap and no object's head.
RemoteAddr AddPhantom(SyntheticHeap& heap, uint64_t offset, RemoteAddr type,
                      RemoteAddr next, uint64_t items) {
  const RemoteAddr head = SyntheticHeap::kHeap + offset;
  heap.Put(head, 0, Value(next));
  heap.Put(head, 8, Value(type));
  heap.Put(head, 16, 7);
  heap.Put(head, 24, Value(type));
  heap.Put(head, 32, items);
  return head + SyntheticHeap::kHead;
}

TEST_CASE("scan: what has no memory for its items is no object") {
  constexpr uint64_t kItems = 0xa56568;
  SyntheticHeap heap(8 << 20);
  const RemoteAddr type =
      heap.AddType("RegexFlag", kTracked | type_flags::kLongSubclass);
  heap.Put(type, heap.layout().type.tp_itemsize, 4);
  const RemoteAddr real = heap.AddObject(0, type);
  heap.Put(real, 16, 1);
  AddPhantom(heap, 5 << 20, type, SyntheticHeap::kHeap + (7 << 20), kItems);
  const auto scanned = Scan(heap.Memory(), heap);
  REQUIRE(scanned.has_value());
  CHECK(scanned->objects == std::vector{real});
  CHECK(scanned->retracted.empty());
  CHECK(scanned->report.rejected == 1);
}

TEST_CASE("scan: an object's items may reach beyond the range's pages") {
  SyntheticHeap heap(1 << 20);
  const RemoteAddr type =
      heap.AddType("tuple", kTracked | type_flags::kTupleSubclass);
  heap.Put(type, heap.layout().type.tp_itemsize, 8);
  const RemoteAddr object = heap.AddObject(0, type);
  heap.Put(object, 16, 100'000);
  const ImageMemory image = heap.Memory();
  const SystemClock clock;
  TypeTable types(image, heap.layout());
  Collector collector;
  HeapScanner scanner(image, types);
  const std::vector<AddressRange> ranges = {
      RangeAt(SyntheticHeap::kHeap, 64 << 10)};
  const auto report =
      scanner.Scan(ranges, {}, collector, Deadline::Never(clock));
  REQUIRE(report.has_value());
  CHECK(collector.objects == std::vector{object});
}

TEST_CASE("scan: what no other object knows of is retracted") {
  SyntheticHeap heap(8 << 20);
  const RemoteAddr type = heap.AddType("thing", kTracked);
  std::vector<RemoteAddr> objects;
  // Each link leads from one piece of memory that is read to another.
  for (uint64_t i = 0; i < 100; ++i) {
    objects.push_back(heap.AddObject(((i % 8) << 20) + 64 * i, type));
  }
  const RemoteAddr phantom = AddPhantom(
      heap, 5 << 20, type, SyntheticHeap::kHeap + (7 << 20) + 8192, 0);
  const auto scanned = Scan(heap.Memory(), heap);
  REQUIRE(scanned.has_value());
  std::sort(objects.begin(), objects.end());
  CHECK(scanned->objects == objects);
  CHECK(scanned->retracted == std::vector{phantom});
  CHECK(scanned->report.objects == objects.size());
  CHECK(scanned->report.rejected == 1);
}

TEST_CASE("scan: what is left out is not retracted either") {
  SyntheticHeap heap(8 << 20);
  const RemoteAddr type = heap.AddType("thing", kTracked);
  const RemoteAddr phantom = AddPhantom(
      heap, 5 << 20, type, SyntheticHeap::kHeap + (7 << 20) + 8192, 0);
  const auto scanned = Scan(heap.Memory(), heap, {phantom});
  REQUIRE(scanned.has_value());
  CHECK(scanned->objects.empty());
  CHECK(scanned->retracted.empty());
}

TEST_CASE("scan: an object that got its neighbour later is none to retract") {
  SyntheticHeap heap(8 << 20);
  const RemoteAddr type = heap.AddType("thing", kTracked);
  const RemoteAddr first = heap.AddObject(0, type);
  const RemoteAddr second = heap.AddObject(5 << 20, type);
  // When the scan reads the second, it does not know of the first yet.
  const ImageMemory after = heap.Memory();
  heap.Put(second - 8, 0, Value(heap.head()));
  const ImageMemory before = heap.Memory();
  class Changing final : public RemoteMemory {
   public:
    Changing(const ImageMemory& a, const ImageMemory& b)
        : before_(a), after_(b) {}
    Result<size_t> ReadSome(RemoteAddr address,
                            std::span<std::byte> into) const override {
      return (into.size() > 4096 ? before_ : after_).ReadSome(address, into);
    }

   private:
    const ImageMemory& before_;
    const ImageMemory& after_;
  };
  const auto scanned = Scan(Changing(before, after), heap);
  REQUIRE(scanned.has_value());
  CHECK(scanned->objects == std::vector{first, second});
  CHECK(scanned->retracted.empty());
}

TEST_CASE("scan: a small number is no count that a collection left") {
  SyntheticHeap heap(8192);
  const RemoteAddr type = heap.AddType("thing", kTracked);
  // Nodes of an OrderedDict: next, prev, key and hash look like an object, and
  // the next node begins with a key and a hash of 0x2f.
  constexpr uint64_t kKey = 0xa56588;
  AddPhantom(heap, 0, type, SyntheticHeap::kHeap + 64, 0);
  heap.Put(SyntheticHeap::kHeap, 16, kKey);
  heap.Put(SyntheticHeap::kHeap + 64, 0, kKey);
  heap.Put(SyntheticHeap::kHeap + 64, 8, 0x2f);
  heap.Put(SyntheticHeap::kHeap + 64, 16, Value(SyntheticHeap::kHeap));
  const auto scanned = Scan(heap.Memory(), heap);
  REQUIRE(scanned.has_value());
  CHECK(scanned->objects.empty());
}

TEST_CASE("scan: what is to be left out is") {
  SyntheticHeap heap(8192);
  const RemoteAddr type = heap.AddType("thing", kTracked);
  std::vector<RemoteAddr> objects;
  for (uint64_t i = 0; i < 4; ++i) {
    objects.push_back(heap.AddObject(i * 64, type));
  }
  const auto scanned =
      Scan(heap.Memory(), heap, {RemoteAddr{1}, objects[1], objects[3]});
  REQUIRE(scanned.has_value());
  CHECK(scanned->objects == std::vector{objects[0], objects[2]});
}

TEST_CASE("scan: goes on behind pages that cannot be read") {
  SyntheticHeap heap(64 << 10);
  const RemoteAddr type = heap.AddType("thing", kTracked);
  const RemoteAddr first = heap.AddObject(0, type);
  const RemoteAddr last = heap.AddObject(60 << 10, type);
  const ImageMemory image = heap.Memory();
  const RemoteAddr hole = SyntheticHeap::kHeap + 8192;
  const FaultyMemory memory(
      image, [&](size_t, RemoteAddr address, size_t) -> Fault {
        if (address < SyntheticHeap::kHeap) return {};
        if (address < hole) {
          return {{}, static_cast<size_t>(Value(hole) - Value(address))};
        }
        if (address < hole + 8192) return {EFAULT, {}};
        return {};
      });
  const auto scanned = Scan(memory, heap);
  REQUIRE(scanned.has_value());
  CHECK(scanned->objects == std::vector{first, last});
  CHECK(scanned->report.unreadable_bytes >= 8192);
}

TEST_CASE("scan: short reads cost nothing but calls") {
  SyntheticHeap heap(64 << 10);
  const RemoteAddr type = heap.AddType("thing", kTracked);
  for (uint64_t i = 0; i < 1000; ++i) heap.AddObject(i * 64, type);
  const ImageMemory image = heap.Memory();
  const size_t most_bytes = GENERATE(12288, 5000, 4097, 1001, 17);
  const FaultyMemory memory(image, [&](size_t, RemoteAddr, size_t size) {
    return size > 4096 ? Fault{{}, most_bytes} : Fault{};
  });
  const auto scanned = Scan(memory, heap);
  REQUIRE(scanned.has_value());
  CHECK(scanned->report.objects == 1000);
  CHECK(scanned->report.unreadable_bytes == 0);
}

TEST_CASE("scan: a refusal or the process's end is an error") {
  SyntheticHeap heap(3 << 20);
  heap.AddObject(0, heap.AddType("thing", kTracked));
  const ImageMemory image = heap.Memory();
  const int code = GENERATE(EPERM, ESRCH);
  size_t large_reads = 0;
  const FaultyMemory memory(image,
                            [&](size_t, RemoteAddr, size_t size) -> Fault {
                              if (size > 4096 && ++large_reads == 2) {
                                return {code, {}};
                              }
                              return {};
                            });
  const auto scanned = Scan(memory, heap);
  REQUIRE_FALSE(scanned.has_value());
  CHECK(scanned.error().code == code);
}

TEST_CASE("scan: limits end it, and it says which") {
  SyntheticHeap heap(3 << 20);
  const RemoteAddr type = heap.AddType("thing", kTracked);
  for (uint64_t i = 0; i < 100; ++i) heap.AddObject(i * 64, type);
  const ImageMemory image = heap.Memory();
  ScanLimits few_bytes;
  few_bytes.bytes = 1 << 20;
  CHECK(Scan(image, heap, {}, few_bytes)->report.cut_short ==
        "too much memory");
  ScanLimits few_objects;
  few_objects.objects = 50;
  CHECK(Scan(image, heap, {}, few_objects)->report.cut_short ==
        "too many objects");
}

TEST_CASE("scan: past the deadline it ends and says so") {
  SyntheticHeap heap(8192);
  const ImageMemory image = heap.Memory();
  const SystemClock clock;
  TypeTable types(image, heap.layout());
  Collector collector;
  HeapScanner scanner(image, types);
  const std::vector<AddressRange> ranges = {heap.range()};
  const auto report = scanner.Scan(
      ranges, {}, collector, Deadline::After(clock, std::chrono::seconds(-1)));
  REQUIRE(report.has_value());
  CHECK(report->cut_short == "out of time");
}

TEST_CASE("scan: more types than allowed make it incomplete") {
  SyntheticHeap heap(64 << 10);
  for (uint64_t i = 0; i < 20; ++i) {
    heap.AddObject(i * 64, heap.AddType("t", kTracked));
  }
  const ImageMemory image = heap.Memory();
  const SystemClock clock;
  TypeTable types(image, heap.layout(), {10, 1000});
  Collector collector;
  HeapScanner scanner(image, types);
  const std::vector<AddressRange> ranges = {heap.range()};
  const auto report =
      scanner.Scan(ranges, {}, collector, Deadline::Never(clock));
  REQUIRE(report.has_value());
  CHECK(report->cut_short == "too many types");
  CHECK(collector.objects.size() == 9);
}

}  // namespace
}  // namespace leak_exporter::cpython
