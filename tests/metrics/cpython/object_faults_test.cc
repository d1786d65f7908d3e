#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "metrics/cpython/repr/repr.h"
#include "metrics/cpython/sizes/object_measure.h"
#include "metrics/remote/guarded_memory.h"
#include "tests/catch.h"
#include "tests/fake_clock.h"
#include "tests/metrics/cpython/paged_heap.h"
#include "tests/metrics/cpython/recorded_objects.h"
#include "tests/metrics/remote/fault_at_read.h"

/// Sizes and reprs of recorded objects, while one read after another fails.
namespace leak_exporter::cpython {
namespace {

const std::vector<ReadFault> kFaults = {
    {.name = "bad address", .code = EFAULT},
    {.name = "bad page", .code = EFAULT, .for_page = true},
    {.name = "death", .code = ESRCH},
    {.name = "one byte", .divisor = SIZE_MAX}};
/// The oldest, the newest, and one between.
const std::vector<std::string> kVersions = {"2.7.18", "3.11.2", "3.15.2"};

const PagedHeap& Objects(const std::string& version) {
  static std::map<std::string, PagedHeap> heaps;
  const auto known = heaps.find(version);
  if (known != heaps.end()) return known->second;
  return heaps.emplace(version, PagedHeap(RecordedObjects(version)))
      .first->second;
}

std::string MeasureText(TypeTable& types, RemoteAddr address) {
  constexpr size_t kBefore = 64;
  std::array<std::byte, kBefore + 4096> bytes{};
  const auto got = types.memory().ReadAvailable(address - kBefore, bytes);
  const ObjectView view(address, std::span(bytes).first(got.value_or(0)),
                        kBefore);
  ReadCache cache(types.memory());
  TypeShapes shapes(types, cache);
  const Layout& layout = types.layout();
  const TypeIndex type = types.Find(view.Pointer(layout.object.ob_type));
  if (type == kNoType) return "no type";
  const ObjectMeasure measure = MeasureObject(
      {layout, cache, FindGeneralLookup(types, type)}, shapes[type], view);
  return std::to_string(measure.bytes) + " " +
         std::to_string(measure.references);
}

std::string PrintText(TypeTable& types, RemoteAddr address) {
  return ReprPrinter(types).Print(address);
}

struct Answer {
  std::string text;
  /// Nothing that was there was missed.
  bool whole = false;
  size_t reads = 0;
};

using Ask = std::string (*)(TypeTable&, RemoteAddr);

Answer AskWith(const PagedHeap& heap, RemoteAddr object, Ask ask,
               const ReadFault& fault = {}, size_t at = FaultAtRead::kNowhere) {
  FakeClock clock(std::chrono::seconds(1000));
  const FaultAtRead faulty(heap.memory(), clock, fault, at);
  const GuardedMemory guard(faulty, heap.mapped(), Deadline::Never(clock));
  TypeTable types(guard, heap.layout());
  Answer answer{ask(types, object), false, 0};
  const auto failure = guard.FindFailure(
      [&]() -> Result<std::vector<AddressRange>> { return heap.mapped(); });
  answer.whole = !guard.end() && failure && !*failure;
  answer.reads = faulty.reads();
  return answer;
}

void CheckEachRead(Ask ask) {
  const std::string version = GENERATE(from_range(kVersions));
  const PagedHeap& heap = Objects(version);
  size_t disturbed = 0;
  for (const auto& [name, object] : heap.objects()) {
    const Answer undisturbed = AskWith(heap, object.address, ask);
    CHECK(undisturbed.whole);
    for (const ReadFault& fault : kFaults) {
      for (size_t at = 0; at < undisturbed.reads; ++at) {
        INFO(version << ' ' << name << ", " << fault.name << " at " << at);
        const Answer answer = AskWith(heap, object.address, ask, fault, at);
        if (answer.whole) CHECK(answer.text == undisturbed.text);
        if (fault.code == ESRCH) {
          CHECK_FALSE(answer.whole);
        } else if (!fault.for_page) {
          CHECK(answer.whole);
        }
        ++disturbed;
      }
    }
  }
  CHECK(disturbed > 1000);
}

TEST_CASE(
    "faults in a heap: sizes of objects are right, or known to be incomplete") {
  CheckEachRead(MeasureText);
}

TEST_CASE(
    "faults in a heap: reprs of objects are right, or known to be incomplete") {
  CheckEachRead(PrintText);
}

}  // namespace
}  // namespace leak_exporter::cpython
