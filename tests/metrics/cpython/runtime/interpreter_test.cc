#include "metrics/cpython/runtime/interpreter.h"

#include <cerrno>
#include <string>

#include "tests/catch.h"
#include "tests/metrics/remote/faulty_memory.h"
#include "tests/metrics/remote/memory_builder.h"

namespace leak_exporter::cpython {
namespace {

constexpr RemoteAddr kRuntime{0x600000};
constexpr RemoteAddr kFirst{0x10000000};
constexpr RemoteAddr kSecond{0x20000000};
constexpr RemoteAddr kModules{0x30000000};
constexpr RemoteAddr kGenerations{0x40000000};

Layout LayoutOf(uint32_t minor, bool free_threaded = false) {
  return *FindLayout({3, minor, std::nullopt}, free_threaded);
}

/// Empty lists where the collector has them.
void PutGenerations(MemoryBuilder& builder, const Layout& layout,
                    RemoteAddr first) {
  for (uint64_t i = 0; i < 3; ++i) {
    const RemoteAddr head = first + i * layout.generation.size;
    builder.Put(head, head).Put(head + 8, head);
    builder.Put(head + layout.generation.threshold, 700);
  }
}

void PutInterpreter(MemoryBuilder& builder, const Layout& layout,
                    RemoteAddr address, int64_t id, RemoteAddr next) {
  builder.Put(address + layout.interpreter.next, next)
      .Put(address + layout.interpreter.id, id)
      .Put(address + layout.interpreter.modules, kModules);
  if (layout.runtime.gc == kAbsent && layout.gc.generations != kAbsent) {
    PutGenerations(builder, layout,
                   address + layout.interpreter.gc + layout.gc.generations);
  }
}

MemoryBuilder WithHead(const Layout& layout, RemoteAddr first) {
  MemoryBuilder builder;
  builder.Put(kRuntime + layout.runtime.interpreters_head, first);
  return builder;
}

TEST_CASE("interpreters: each with its own collector, the newest first") {
  const Layout layout = LayoutOf(11);
  MemoryBuilder builder = WithHead(layout, kSecond);
  PutInterpreter(builder, layout, kSecond, 1, kFirst);
  PutInterpreter(builder, layout, kFirst, 0, {});
  const auto interpreters = ReadInterpreters(builder.Build(), layout, kRuntime);
  if (!interpreters) FAIL(interpreters.error().message);
  REQUIRE(interpreters->size() == 2);
  const Interpreter& newest = interpreters->front();
  CHECK(newest.address == kSecond);
  CHECK(newest.id == 1);
  CHECK(newest.modules == kModules);
  const RemoteAddr gc = kSecond + layout.interpreter.gc;
  const RemoteAddr heads = gc + layout.gc.generations;
  CHECK(newest.gc.generations == std::vector{heads, heads + 24, heads + 48});
  CHECK(newest.gc.permanent_generation == gc + layout.gc.permanent_generation);
  CHECK(newest.gc.generation_stats == gc + layout.gc.generation_stats);
  CHECK(newest.gc.collecting == gc + layout.gc.collecting);
  CHECK_FALSE(newest.obmalloc.has_value());
  CHECK(interpreters->back().address == kFirst);
  CHECK(interpreters->back().id == 0);
}

TEST_CASE("interpreters: up to 3.8 they share the runtime's collector") {
  const Layout layout = LayoutOf(8);
  MemoryBuilder builder = WithHead(layout, kFirst);
  PutInterpreter(builder, layout, kFirst, 0, {});
  const RemoteAddr heads = kRuntime + layout.runtime.gc + layout.gc.generations;
  PutGenerations(builder, layout, heads);
  const auto interpreters = ReadInterpreters(builder.Build(), layout, kRuntime);
  if (!interpreters) FAIL(interpreters.error().message);
  REQUIRE(interpreters->size() == 1);
  CHECK(interpreters->front().gc.generations.front() == heads);
}

TEST_CASE("interpreters: a free-threaded one has no lists") {
  const Layout layout = LayoutOf(14, true);
  MemoryBuilder builder = WithHead(layout, kFirst);
  PutInterpreter(builder, layout, kFirst, 0, {});
  builder.Put(kFirst + layout.interpreter.obmalloc, RemoteAddr{});
  const auto interpreters = ReadInterpreters(builder.Build(), layout, kRuntime);
  if (!interpreters) FAIL(interpreters.error().message);
  CHECK(interpreters->front().gc.generations.empty());
  CHECK_FALSE(interpreters->front().gc.permanent_generation.has_value());
}

TEST_CASE("interpreters: pymalloc's state is within them, or pointed to") {
  struct Case {
    uint32_t minor;
    RemoteAddr pointer;
    std::optional<RemoteAddr> obmalloc;
  };
  const Case cases[] = {
      {12, kModules, kFirst + LayoutOf(12).interpreter.obmalloc},
      {13, kModules, kModules},
      {13, {}, std::nullopt},
  };
  for (const Case& c : cases) {
    INFO(c.minor);
    const Layout layout = LayoutOf(c.minor);
    MemoryBuilder builder = WithHead(layout, kFirst);
    PutInterpreter(builder, layout, kFirst, 0, {});
    builder.Put(kFirst + layout.interpreter.obmalloc, c.pointer);
    const auto interpreters =
        ReadInterpreters(builder.Build(), layout, kRuntime);
    if (!interpreters) FAIL(interpreters.error().message);
    CHECK(interpreters->front().obmalloc == c.obmalloc);
  }
}

TEST_CASE("interpreters: none yet, or a ring of them, is an error") {
  const Layout layout = LayoutOf(11);
  CHECK(ReadInterpreters(WithHead(layout, {}).Build(), layout, kRuntime)
            .error()
            .message == "CPython is not initialised yet");
  MemoryBuilder ring = WithHead(layout, kFirst);
  PutInterpreter(ring, layout, kFirst, 0, kFirst);
  CHECK(ReadInterpreters(ring.Build(), layout, kRuntime).error().message ==
        "more than 1000 interpreters");
}

TEST_CASE("interpreters: a process that ends while they are read is gone") {
  const Layout layout = LayoutOf(13);
  MemoryBuilder builder = WithHead(layout, kFirst);
  PutInterpreter(builder, layout, kFirst, 0, {});
  builder.Put(kFirst + layout.interpreter.obmalloc, kModules);
  const ImageMemory image = builder.Build();
  const FaultyMemory counting(
      image, [](size_t, RemoteAddr, size_t) { return Fault{}; });
  REQUIRE(ReadInterpreters(counting, layout, kRuntime).has_value());
  for (size_t end = 0; end < counting.reads(); ++end) {
    INFO(end);
    const FaultyMemory memory(image, [end](size_t read, RemoteAddr, size_t) {
      return read >= end ? Fault{ESRCH, {}} : Fault{};
    });
    // The search for the lists cannot tell why they are not to be seen.
    const auto interpreters = ReadInterpreters(memory, layout, kRuntime);
    REQUIRE_FALSE(interpreters.has_value());
    if (interpreters.error().code == 0) {
      CHECK(interpreters.error().message.starts_with("the collector's lists"));
    } else {
      CHECK(IsGone(interpreters.error()));
    }
  }
}

TEST_CASE("interpreters: before 3.7 the lists are where a variable says") {
  const Layout layout = LayoutOf(6);
  MemoryBuilder builder;
  PutGenerations(builder, layout, kGenerations);
  builder.Put(kFirst + layout.interpreter.modules, kModules);
  const auto found =
      ReadInterpreterBefore37(builder.Build(), layout, kGenerations, kFirst);
  if (!found) FAIL(found.error().message);
  CHECK(found->address == kFirst);
  CHECK(found->modules == kModules);
  CHECK(found->gc.generations ==
        std::vector{kGenerations, kGenerations + 48, kGenerations + 96});
  CHECK_FALSE(found->id.has_value());
  // A stripped one does not tell where its state is.
  const auto stripped =
      ReadInterpreterBefore37(builder.Build(), layout, kGenerations, {});
  REQUIRE(stripped.has_value());
  CHECK(stripped->modules == RemoteAddr{});
  CHECK(stripped->gc.generations.size() == 3);
}

/// A dict of 3.11 with one entry under a str, an ASCII one, and an int.
struct SysDict {
  static constexpr RemoteAddr kDict{0x50000000};
  static constexpr RemoteAddr kKeys{0x50001000};
  static constexpr RemoteAddr kKey{0x50002000};
  static constexpr RemoteAddr kNumber{0x50003000};

  SysDict(const Layout& layout, std::string_view key, uint32_t digit) {
    builder.Put(kFirst + layout.interpreter.sysdict, kDict)
        .Put(kDict + layout.dict.ma_keys, kKeys)
        .Put(kKeys + layout.dict_keys.dk_log2_size, uint8_t{3})
        .Put(kKeys + layout.dict_keys.dk_log2_index_bytes, uint8_t{3})
        .Put(kKeys + layout.dict_keys.dk_kind, uint8_t{1})
        .Put(kKeys + layout.dict_keys.dk_nentries, uint64_t{1})
        .Put(kKeys + layout.dict_keys.dk_indices + 8, kKey)
        .Put(kKeys + layout.dict_keys.dk_indices + 16, kNumber)
        .Put(kKey + layout.unicode.state, uint32_t{1 << 2 | 1 << 5 | 1 << 6})
        .Put(kKey + layout.unicode.length, uint64_t{key.size()})
        .PutText(kKey + layout.unicode.ascii_size, key)
        .Put(kNumber + layout.object.ob_size, int64_t{1})
        .Put(kNumber + layout.long_object.ob_digit, digit);
  }

  MemoryBuilder builder;
};

TEST_CASE("hex version: is what the module sys of an interpreter has") {
  const Layout layout = LayoutOf(11);
  const SysDict sys(layout, "hexversion", 0x030b02f0);
  CHECK(ReadHexVersion(sys.builder.Build(), layout, kFirst).value() ==
        0x030b02f0);
}

TEST_CASE("hex version: an error where there is none under that name") {
  const Layout layout = LayoutOf(11);
  const SysDict other(layout, "maxunicode", 0x10ffff);
  CHECK(ReadHexVersion(other.builder.Build(), layout, kFirst).error().message ==
        "sys.hexversion is not there");
  CHECK_FALSE(
      ReadHexVersion(MemoryBuilder().Build(), layout, kFirst).has_value());
}

}  // namespace
}  // namespace leak_exporter::cpython
