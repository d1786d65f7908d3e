#include "metrics/cpython/layout/debug_offsets.h"

#include <cerrno>
#include <cstring>
#include <vector>

#include "metrics/remote/image_memory.h"
#include "tests/catch.h"
#include "tests/metrics/remote/faulty_memory.h"

namespace leak_exporter::cpython {
namespace {

constexpr RemoteAddr kRuntime{0x600000};

/// A _PyRuntime whose description says 0 to everything that is not put.
class Description {
 public:
  Description() : bytes_(1024) { std::memcpy(bytes_.data(), "xdebugpy", 8); }

  Description& Put(size_t position, uint64_t value) {
    std::memcpy(bytes_.data() + position, &value, sizeof(value));
    return *this;
  }
  ImageMemory Memory() const {
    return *ImageMemory::FromSegments({{kRuntime, bytes_}});
  }

 private:
  std::vector<std::byte> bytes_;
};

Layout LayoutOf(uint32_t minor) {
  return *FindLayout({3, minor, std::nullopt}, false);
}

TEST_CASE("debug offsets: version and build stand at the front") {
  const auto described = ReadDebugVersion(
      Description().Put(8, 0x030d05f0).Put(16, 1).Memory(), kRuntime);
  REQUIRE(described.has_value());
  REQUIRE(described->has_value());
  CHECK((*described)->version == PythonVersion{3, 13, 5});
  CHECK((*described)->free_threaded);
}

TEST_CASE("debug offsets: without the cookie there is no description") {
  const auto described =
      ReadDebugVersion(Description().Put(0, 0).Memory(), kRuntime);
  REQUIRE(described.has_value());
  CHECK_FALSE(described->has_value());
}

TEST_CASE("debug offsets: what cannot be read is an error with its code") {
  const ImageMemory image = Description().Memory();
  const FaultyMemory memory(image, [](size_t, RemoteAddr, size_t) {
    return Fault{ESRCH, {}};
  });
  CHECK(ReadDebugVersion(memory, kRuntime).error().code == ESRCH);
  Layout layout = LayoutOf(13);
  CHECK(ApplyDebugOffsets(memory, kRuntime, layout).error().code == ESRCH);
}

TEST_CASE("debug offsets: each minor version has them at its own positions") {
  struct Case {
    uint32_t minor;
    size_t interpreter_gc;
    size_t tp_name;
    size_t tuple_ob_item;
    size_t unicode_state;
    size_t gc_collecting;
  };
  // Include/internal/pycore_debug_offsets.h
  const Case cases[] = {{13, 80, 376, 408, 544, 576},
                        {14, 88, 424, 456, 624, 656},
                        {15, 88, 488, 552, 720, 760}};
  for (const Case& c : cases) {
    INFO(c.minor);
    Layout layout = LayoutOf(c.minor);
    const ImageMemory memory = Description()
                                   .Put(40, 700)
                                   .Put(c.interpreter_gc, 7000)
                                   .Put(c.tp_name, 25)
                                   .Put(c.tuple_ob_item, 33)
                                   .Put(c.unicode_state, 34)
                                   .Put(c.gc_collecting, 193)
                                   .Memory();
    REQUIRE(ApplyDebugOffsets(memory, kRuntime, layout).has_value());
    CHECK(layout.runtime.interpreters_head == 700);
    CHECK(layout.interpreter.gc == 7000);
    CHECK(layout.type.tp_name == 25);
    CHECK(layout.tuple.ob_item == 33);
    CHECK(layout.unicode.state == 34);
    CHECK(layout.gc.collecting == 193);
  }
}

TEST_CASE("debug offsets: a number that makes no sense leaves the layout") {
  Layout layout = LayoutOf(13);
  const ImageMemory memory = Description().Put(40, 700).Put(376, 4097).Memory();
  const auto applied = ApplyDebugOffsets(memory, kRuntime, layout);
  REQUIRE_FALSE(applied.has_value());
  CHECK(applied.error().message ==
        "_Py_DebugOffsets at 0x600000: offset 4097 at position 376");
  CHECK(layout.runtime.interpreters_head == 632);
  CHECK(layout.type.tp_name == 24);
}

TEST_CASE(
    "debug offsets: the positions of an unknown version are not guessed") {
  for (const PythonVersion& version :
       {PythonVersion{3, 99, 0}, PythonVersion{3, 12, 1},
        PythonVersion{4, 13, 0}}) {
    INFO(ToString(version));
    Layout layout = LayoutOf(15);
    layout.version = version;
    const auto applied =
        ApplyDebugOffsets(Description().Memory(), kRuntime, layout);
    REQUIRE_FALSE(applied.has_value());
    CHECK(applied.error().message == "the _Py_DebugOffsets of CPython " +
                                         ToString(version) + " are not known");
    CHECK(layout.runtime.interpreters_head == 936);
  }
}

TEST_CASE("debug offsets: every version that describes itself is known") {
  const ImageMemory memory = Description().Memory();
  for (const PythonVersion& version : KnownVersions()) {
    if (version.major < 3 || version.minor < 13) continue;
    INFO(ToString(version));
    auto layout = FindLayout(version, false);
    REQUIRE(layout.has_value());
    CHECK(ApplyDebugOffsets(memory, kRuntime, *layout).has_value());
  }
}

}  // namespace
}  // namespace leak_exporter::cpython
