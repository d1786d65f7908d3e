#include <cerrno>
#include <chrono>
#include <cstddef>
#include <sstream>
#include <string>
#include <vector>

#include "metrics/cpython/measure_python.h"
#include "metrics/remote/guarded_memory.h"
#include "tests/catch.h"
#include "tests/fake_clock.h"
#include "tests/metrics/cpython/paged_heap.h"
#include "tests/metrics/remote/fault_at_read.h"

/// A measurement of recorded heaps whose reads fail, one after another.
namespace leak_exporter::cpython {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kTime{10};

struct Measured {
  Result<PythonMeasurement> result;
  size_t reads = 0;
};

Measured MeasureWith(const PagedHeap& heap, const ReadFault& fault = {},
                     size_t at = FaultAtRead::kNowhere) {
  FakeClock clock(seconds(1000));
  const Deadline deadline = Deadline::After(clock, kTime);
  const FaultAtRead memory(heap.memory(), clock, fault, at);
  const GuardedMemory guard(memory, heap.mapped(),
                            deadline.Later(kTimeForNames));
  TypeTable types(guard, heap.layout());
  const AttachedPython python{
      guard,
      guard,
      [&]() -> Result<std::vector<AddressRange>> { return heap.mapped(); },
      heap.runtime(),
      heap.ranges(),
      {}};
  auto result = MeasureAttached(python, types, {}, {}, clock, deadline);
  return {std::move(result), memory.reads()};
}

void Write(std::ostream& out, const std::vector<NamedUsage>& usages) {
  for (const NamedUsage& usage : usages) {
    out << usage.name << ' ' << usage.type_repr << ' ' << usage.objects << ' '
        << (usage.bytes ? std::to_string(*usage.bytes) : "?") << '\n';
  }
}

void Write(std::ostream& out, const std::vector<RankedRow>& rows) {
  for (const RankedRow& row : rows) {
    out << row.number << ' ' << row.type_repr << ' ' << row.repr << '\n';
  }
}

/// All that was measured, to be compared.
std::string TextOf(const PythonMeasurement& measured) {
  std::ostringstream out;
  const ScanReport& scan = measured.walk.scan;
  out << scan.objects << ' ' << scan.rejected << ' ' << scan.unreadable_bytes
      << ' ' << measured.walk.permanent_objects.value_or(UINT64_MAX) << ' '
      << measured.modules.value_or(UINT64_MAX) << '\n';
  for (const GenerationStatistics& generation : measured.generations) {
    out << generation.collections << ' ' << generation.collected << ' '
        << generation.uncollectable << '\n';
  }
  for (const int64_t count : measured.gc_counts) out << count << '\n';
  Write(out, measured.types);
  Write(out, measured.untracked);
  Write(out, measured.by_references);
  Write(out, measured.by_bytes);
  return out.str();
}

/// Calls `check` with each measurement in which one read has the fault, and the
/// number of that read. `check` is given the undisturbed measurement too.
template <typename Check>
void AtEachRead(const ReadFault& fault, const Check& check) {
  const std::string version = GENERATE("2.7.18", "3.7.16", "3.9.2", "3.11.2",
                                       "3.13.5", "3.14.8", "3.15.2");
  const PagedHeap heap = PagedHeap::Small(version);
  const Measured undisturbed = MeasureWith(heap);
  if (!undisturbed.result) FAIL(undisturbed.result.error().message);
  REQUIRE(undisturbed.result->whole());
  REQUIRE(undisturbed.reads > 20);
  for (size_t at = 0; at < undisturbed.reads; ++at) {
    INFO(version << ", " << fault.name << " at " << at);
    check(undisturbed, MeasureWith(heap, fault, at), at);
  }
}

TEST_CASE(
    "faults in a heap: memory that cannot be read leaves no heap that is "
    "whole") {
  const ReadFault fault = GENERATE(
      ReadFault{.name = "bad page", .code = EFAULT, .for_page = true},
      ReadFault{
          .name = "no memory from then on", .code = ENOMEM, .for_good = true});
  size_t failed = 0;
  size_t incomplete = 0;
  AtEachRead(fault, [&](const Measured& undisturbed, const Measured& measured,
                        size_t) {
    if (!measured.result) {
      CHECK(measured.result.error().code == fault.code);
      ++failed;
    } else if (!measured.result->whole()) {
      ++incomplete;
    } else {
      CHECK(TextOf(*measured.result) == TextOf(*undisturbed.result));
    }
  });
  CHECK(failed > 0);
  CHECK(incomplete > 0);
}

TEST_CASE(
    "faults in a heap: a read that fails once or ends early changes nothing") {
  const ReadFault fault = GENERATE(
      ReadFault{.name = "bad address", .code = EFAULT},
      ReadFault{.name = "no memory", .code = ENOMEM},
      ReadFault{.name = "one byte", .divisor = SIZE_MAX},
      ReadFault{.name = "half, always", .for_good = true, .divisor = 2});
  AtEachRead(fault,
             [](const Measured& undisturbed, const Measured& measured, size_t) {
               REQUIRE(measured.result.has_value());
               CHECK(measured.result->whole());
               CHECK(TextOf(*measured.result) == TextOf(*undisturbed.result));
             });
}

TEST_CASE("faults in a heap: a process that dies is gone, and not smaller") {
  // Who asks no more after that need not see it twice.
  AtEachRead({.name = "death", .code = ESRCH},
             [](const Measured&, const Measured& measured, size_t at) {
               REQUIRE_FALSE(measured.result.has_value());
               CHECK(IsGone(measured.result.error()));
               CHECK(measured.reads == at + 1);
             });
}

TEST_CASE("faults in a heap: a kernel that begins to refuse is no success") {
  AtEachRead({.name = "refusal", .code = EPERM, .for_good = true},
             [](const Measured&, const Measured& measured, size_t at) {
               REQUIRE_FALSE(measured.result.has_value());
               CHECK(IsPermission(measured.result.error()));
               CHECK(measured.reads == at + 1);
             });
}

TEST_CASE("faults in a heap: past the deadline the walk ends, and says so") {
  AtEachRead({.name = "slow", .duration = kTime},
             [](const Measured& undisturbed, const Measured& measured, size_t) {
               REQUIRE(measured.result.has_value());
               CHECK(measured.reads <= undisturbed.reads);
               if (measured.result->whole()) {
                 CHECK(TextOf(*measured.result) == TextOf(*undisturbed.result));
               }
             });
}

TEST_CASE("faults in a heap: long past the deadline nothing more is read") {
  AtEachRead(
      {.name = "very slow", .duration = std::chrono::hours(1)},
      [](const Measured& undisturbed, const Measured& measured, size_t at) {
        CHECK(measured.reads == at + 1);
        if (!measured.result) {
          CHECK(measured.result.error().code == ETIMEDOUT);
        } else if (at + 1 == undisturbed.reads) {
          CHECK(TextOf(*measured.result) == TextOf(*undisturbed.result));
        } else {
          CHECK_FALSE(measured.result->whole());
        }
      });
}

TEST_CASE("faults in a heap: other bytes than were there keep nobody busy") {
  AtEachRead({.name = "garbage", .for_good = true, .garbage = true},
             [](const Measured& undisturbed, const Measured& measured, size_t) {
               CHECK(measured.reads < 20 * undisturbed.reads);
             });
}

}  // namespace
}  // namespace leak_exporter::cpython
