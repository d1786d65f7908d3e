#include "metrics/cpython/heap/arena_usage.h"

#include <array>
#include <cstring>
#include <vector>

#include "tests/catch.h"
#include "tests/metrics/cpython/heap/synthetic_heap.h"
#include "tests/metrics/remote/memory_builder.h"

namespace leak_exporter::cpython {
namespace {

constexpr RemoteAddr kState{0x1000000};
constexpr RemoteAddr kTable{0x2000000};
constexpr uint64_t kArenaBytes = 1 << 20;
constexpr uint64_t kPoolBytes = 16 << 10;

Layout LayoutOf(uint32_t minor) {
  return *FindLayout({3, minor, std::nullopt}, false);
}

/// Entry `i` of a table of arenas: where it begins and its next fresh pool.
void PutArena(MemoryBuilder& builder, RemoteAddr table, uint64_t i,
              uint64_t address, uint64_t pool_address) {
  builder.Put(table + 48 * i, address).Put(table + 48 * i + 8, pool_address);
}

PythonRuntime WithSymbols() {
  PythonRuntime runtime;
  runtime.layout = LayoutOf(11);
  runtime.arenas = {kState, kState + 8};
  return runtime;
}

TEST_CASE("arenas: read from where the variables point, in ascending order") {
  MemoryBuilder builder;
  builder.Put(kState, kTable).Put(kState + 8, uint32_t{4});
  PutArena(builder, kTable, 0, 0x7f0000500000, 0x7f0000540000);
  PutArena(builder, kTable, 1, 0, 0);
  PutArena(builder, kTable, 2, 0x7f0000100000, 0x7f0000200000);
  // One whose pools make no sense ends where it can end at most.
  PutArena(builder, kTable, 3, 0x7f0000900000, 0x7fffffffffff);
  const auto arenas = ReadArenas(builder.Build(), WithSymbols());
  REQUIRE(arenas.has_value());
  REQUIRE(arenas->has_value());
  REQUIRE((*arenas)->size() == 3);
  CHECK((**arenas)[0].begin == RemoteAddr{0x7f0000100000});
  CHECK((**arenas)[0].used_end == RemoteAddr{0x7f0000200000});
  CHECK((**arenas)[1].begin == RemoteAddr{0x7f0000500000});
  CHECK((**arenas)[1].used_end == RemoteAddr{0x7f0000540000});
  CHECK((**arenas)[2].used_end == RemoteAddr{0x7f0000900000 + kArenaBytes});
}

TEST_CASE("arenas: interpreters that share a state count once") {
  PythonRuntime runtime;
  runtime.layout = LayoutOf(12);
  const auto& fields = runtime.layout.obmalloc;
  MemoryBuilder builder;
  for (const uint64_t i : {0, 1}) {
    const RemoteAddr state = kState + i * 0x10000;
    const RemoteAddr table = kTable + i * 0x10000;
    builder.Put(state + fields.arenas, table)
        .Put(state + fields.max_arenas, uint32_t{1});
    PutArena(builder, table, 0, 0x7f0000100000 + i * kArenaBytes,
             0x7f0000100000 + i * kArenaBytes);
  }
  runtime.interpreters.resize(3);
  runtime.interpreters[0].obmalloc = kState;
  runtime.interpreters[1].obmalloc = kState + 0x10000;
  runtime.interpreters[2].obmalloc = kState;
  const auto arenas = ReadArenas(builder.Build(), runtime);
  REQUIRE(arenas.has_value());
  REQUIRE(arenas->has_value());
  CHECK((*arenas)->size() == 2);
}

TEST_CASE("arenas: absent where pymalloc was not found, empty where unused") {
  PythonRuntime runtime;
  runtime.layout = LayoutOf(11);
  const auto unknown = ReadArenas(MemoryBuilder().Build(), runtime);
  REQUIRE(unknown.has_value());
  CHECK_FALSE(unknown->has_value());
  const auto unused =
      ReadArenas(MemoryBuilder().Put(kState, 0).Build(), WithSymbols());
  REQUIRE(unused.has_value());
  REQUIRE(unused->has_value());
  CHECK((*unused)->empty());
}

TEST_CASE("arenas: too many, or what cannot be read, is an error") {
  MemoryBuilder builder;
  builder.Put(kState, kTable).Put(kState + 8, (uint32_t{1} << 20) + 1);
  CHECK(ReadArenas(builder.Build(), WithSymbols()).error().message ==
        "pymalloc at 0x1000000: 1048577 arenas");
  builder.Put(kState + 8, uint32_t{1});
  CHECK(ReadArenas(builder.Build(), WithSymbols()).error().code == EFAULT);
  CHECK(ReadArenas(MemoryBuilder().Build(), WithSymbols()).error().code ==
        EFAULT);
}

/// A walk over an arena that begins 4 kB before a pool's place.
class ArenaWalk {
 public:
  explicit ArenaWalk(size_t pools)
      : layout_(LayoutOf(11)),
        heap_(4096),
        memory_(heap_.Memory()),
        types_(memory_, heap_.layout()),
        bytes_(kOffset + pools * kPoolBytes) {}

  /// `count` blocks of `size` bytes are in use.
  void PutPool(size_t pool, uint32_t count, uint32_t size) {
    PutWord(pool, layout_.pool.count, count);
    PutWord(pool, layout_.pool.max_next_offset,
            static_cast<uint32_t>(kPoolBytes) - size);
  }
  void PutWord(size_t pool, Offset offset, uint32_t word) {
    std::memcpy(bytes_.data() + kOffset + pool * kPoolBytes + offset, &word,
                sizeof(word));
  }

  /// Visits in blocks of that size, which overlap by a kilobyte.
  uint64_t UsedBytes(size_t block_bytes, size_t used_pools) {
    ArenaMeter meter(layout_,
                     {{kBegin, kBegin + kOffset + used_pools * kPoolBytes}});
    constexpr size_t kOverlap = 1024;
    for (size_t at = 0; at < bytes_.size(); at += block_bytes - kOverlap) {
      const auto bytes = std::span(bytes_).subspan(
          at, std::min(block_bytes, bytes_.size() - at));
      meter.Visit({kBegin + at, bytes, {}}, types_);
    }
    CHECK(meter.arena_bytes() == kArenaBytes);
    return meter.used_bytes();
  }

 private:
  static constexpr uint64_t kOffset = 4096;
  static constexpr RemoteAddr kBegin{0x7f0000004000 - kOffset};

  Layout layout_;
  SyntheticHeap heap_;
  ImageMemory memory_;
  TypeTable types_;
  std::vector<std::byte> bytes_;
};

TEST_CASE("arenas: blocks in use are added up, wherever a walk cuts them") {
  ArenaWalk walk(4);
  walk.PutPool(0, 3, 512);
  walk.PutPool(1, 100, 32);
  walk.PutPool(2, 0, 64);
  walk.PutPool(3, 7, 16);
  // The last pool was never used.
  for (const size_t block_bytes : {2000, 4096, 20000, 1 << 20}) {
    INFO(block_bytes);
    CHECK(walk.UsedBytes(block_bytes, 3) == 3 * 512 + 100 * 32);
    CHECK(walk.UsedBytes(block_bytes, 4) == 3 * 512 + 100 * 32 + 7 * 16);
  }
}

TEST_CASE("arenas: a pool whose numbers make no sense has nothing in use") {
  ArenaWalk walk(3);
  walk.PutPool(0, 2, 512);
  // More than it can hold; an offset behind its end.
  walk.PutPool(1, 1000, 512);
  walk.PutWord(2, LayoutOf(11).pool.count, 1);
  walk.PutWord(2, LayoutOf(11).pool.max_next_offset, kPoolBytes + 1);
  CHECK(walk.UsedBytes(1 << 20, 3) == 2 * 512);
}

TEST_CASE("arenas: a meter without arenas passes over everything") {
  const SyntheticHeap heap(4096);
  const ImageMemory memory = heap.Memory();
  TypeTable types(memory, heap.layout());
  const std::array<std::byte, 64> bytes{};
  ArenaMeter meter(heap.layout(), {});
  meter.Visit({RemoteAddr{0x1000}, bytes, {}}, types);
  CHECK(meter.arena_bytes() == 0);
  CHECK(meter.used_bytes() == 0);
}

}  // namespace
}  // namespace leak_exporter::cpython
