#include "metrics/cpython/runtime/gc_statistics.h"

#include <cerrno>

#include "tests/catch.h"
#include "tests/metrics/remote/faulty_memory.h"
#include "tests/metrics/remote/memory_builder.h"

namespace leak_exporter::cpython {
namespace {

constexpr RemoteAddr kStats{0x10000};
constexpr RemoteAddr kRings{0x20000};

using Statistics = std::vector<GenerationStatistics>;

Layout LayoutOf(uint32_t minor, bool free_threaded = false) {
  return *FindLayout({3, minor, std::nullopt}, free_threaded);
}

Interpreter WithStatistics() {
  Interpreter interpreter;
  interpreter.gc.generation_stats = kStats;
  return interpreter;
}

void PutRecord(MemoryBuilder& builder, const Layout& layout, RemoteAddr record,
               const GenerationStatistics& statistics) {
  builder.Put(record + layout.stats.collections, statistics.collections)
      .Put(record + layout.stats.collected, statistics.collected)
      .Put(record + layout.stats.uncollectable, statistics.uncollectable);
}

TEST_CASE("gc statistics: one record a generation, in a row") {
  for (const uint32_t minor : {6, 7, 9, 11, 14}) {
    INFO(minor);
    const Layout layout = LayoutOf(minor);
    const Statistics expected = {{100, 20, 3}, {9, 8, 7}, {1, 0, 0}};
    MemoryBuilder builder;
    for (uint64_t i = 0; i < 3; ++i) {
      PutRecord(builder, layout, kStats + i * layout.stats.size, expected[i]);
    }
    const auto statistics =
        ReadGcStatistics(builder.Build(), layout, WithStatistics());
    REQUIRE(statistics.has_value());
    CHECK(*statistics == expected);
  }
}

/// 3.15: the young ring has 11 records of 64 bytes, each old one 3 of them;
/// index bytes follow.
MemoryBuilder Rings(const Layout& layout, int8_t young, int8_t old) {
  MemoryBuilder builder;
  builder.Put(kStats, kRings);
  for (int8_t i = 0; i < 11; ++i) {
    PutRecord(builder, layout, kRings + 64 * static_cast<uint64_t>(i),
              {static_cast<uint64_t>(i) + 100, 0, 0});
  }
  builder.Put(kRings + 704, young);
  for (uint64_t generation = 0; generation < 2; ++generation) {
    const RemoteAddr ring = kRings + 712 + generation * 200;
    for (uint64_t i = 0; i < 3; ++i) {
      PutRecord(builder, layout, ring + 64 * i,
                {1000 * (generation + 1) + i, generation, i});
    }
    builder.Put(ring + 192, old);
  }
  return builder;
}

TEST_CASE("gc statistics: the last record of each ring, since 3.15") {
  const Layout layout = LayoutOf(15);
  const auto statistics =
      ReadGcStatistics(Rings(layout, 10, 2).Build(), layout, WithStatistics());
  REQUIRE(statistics.has_value());
  CHECK(*statistics == Statistics{{110, 0, 0}, {1002, 0, 2}, {2002, 1, 2}});
}

TEST_CASE("gc statistics: an index outside of its ring is an error") {
  const Layout layout = LayoutOf(15);
  struct Case {
    int8_t young;
    int8_t old;
    const char* message;
  };
  const Case cases[] = {
      {11, 0, "gc statistics at 0x20000: record 11 of 11"},
      {-1, 0, "gc statistics at 0x20000: record -1 of 11"},
      {0, 3, "gc statistics at 0x20000: record 3 of 3"},
  };
  for (const Case& c : cases) {
    const auto statistics = ReadGcStatistics(
        Rings(layout, c.young, c.old).Build(), layout, WithStatistics());
    REQUIRE_FALSE(statistics.has_value());
    CHECK(statistics.error().message == c.message);
  }
}

TEST_CASE("gc statistics: absent where there are none, or none were found") {
  const ImageMemory memory = MemoryBuilder().Build();
  const Layout python2 = *FindLayout({2, 7, 18}, false);
  const auto none = ReadGcStatistics(memory, python2, WithStatistics());
  REQUIRE(none.has_value());
  CHECK_FALSE(none->has_value());
  const auto stripped = ReadGcStatistics(memory, LayoutOf(6), Interpreter());
  REQUIRE(stripped.has_value());
  CHECK_FALSE(stripped->has_value());
}

TEST_CASE("gc statistics: the counts of the three generations") {
  const Layout layout = LayoutOf(11);
  Interpreter interpreter;
  MemoryBuilder builder;
  for (uint64_t i = 0; i < 3; ++i) {
    const RemoteAddr head = kStats + i * layout.generation.size;
    interpreter.gc.generations.push_back(head);
    builder.Put(head + layout.generation.count, static_cast<int32_t>(7 - i));
  }
  CHECK(ReadGcCounts(builder.Build(), layout, interpreter).value() ==
        std::vector<int32_t>{7, 6, 5});
  // Free-threaded builds have no generations.
  CHECK(ReadGcCounts(builder.Build(), LayoutOf(13, true), Interpreter())
            .value()
            .empty());
}

TEST_CASE("gc statistics: whether a collection runs, where that can be told") {
  Interpreter interpreter;
  interpreter.gc.collecting = kStats;
  CHECK(ReadCollecting(MemoryBuilder().Put(kStats, 1).Build(), interpreter)
            .value() == true);
  CHECK(ReadCollecting(MemoryBuilder().Put(kStats, 0).Build(), interpreter)
            .value() == false);
  CHECK(ReadCollecting(MemoryBuilder().Build(), Interpreter()).value() ==
        std::nullopt);
}

TEST_CASE("gc statistics: the number of modules is the length of a dict") {
  const Layout layout = LayoutOf(11);
  const ImageMemory memory =
      MemoryBuilder().Put(kStats + layout.dict.ma_used, uint64_t{321}).Build();
  Interpreter interpreter;
  CHECK(ReadModuleCount(memory, layout, interpreter).value() == std::nullopt);
  interpreter.modules = kStats;
  CHECK(ReadModuleCount(memory, layout, interpreter).value() == 321U);
}

TEST_CASE("gc statistics: what cannot be read is an error, not a 0") {
  const Layout layout = LayoutOf(11);
  const ImageMemory image = MemoryBuilder().Build();
  const FaultyMemory memory(image, [](size_t, RemoteAddr, size_t) {
    return Fault{ESRCH, {}};
  });
  Interpreter interpreter = WithStatistics();
  interpreter.gc.generations = {kStats};
  interpreter.gc.collecting = kStats;
  interpreter.modules = kStats;
  CHECK(IsGone(ReadGcStatistics(memory, layout, interpreter).error()));
  CHECK(IsGone(ReadGcCounts(memory, layout, interpreter).error()));
  CHECK(IsGone(ReadCollecting(memory, interpreter).error()));
  CHECK(IsGone(ReadModuleCount(memory, layout, interpreter).error()));
}

}  // namespace
}  // namespace leak_exporter::cpython
