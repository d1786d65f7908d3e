#include "metrics/cpython/objects/object_view.h"

#include <array>

#include "tests/catch.h"

namespace leak_exporter::cpython {
namespace {

TEST_CASE("object view: a number without its sign, the lowest one too") {
  CHECK(Magnitude(0) == 0);
  CHECK(Magnitude(7) == 7);
  CHECK(Magnitude(-7) == 7);
  CHECK(Magnitude(INT64_MAX) == uint64_t{INT64_MAX});
  CHECK(Magnitude(INT64_MIN) == uint64_t{1} << 63);
}

/// Words 1 to 6; the object begins at the third.
struct Block {
  std::array<uint64_t, 6> words = {1, 2, 3, 4, 5, UINT64_MAX};
  ObjectView view{RemoteAddr{0x7f0000001000},
                  std::as_bytes(std::span<const uint64_t>(words)), 16};
};

TEST_CASE("object view: what is in the block, before the object too") {
  const Block block;
  CHECK(block.view.address() == RemoteAddr{0x7f0000001000});
  CHECK(block.view.Word(0) == 3);
  CHECK(block.view.Word(8) == 4);
  CHECK(block.view.Word(-8) == 2);
  CHECK(block.view.Word(-16) == 1);
  CHECK(block.view.Signed(24) == -1);
  CHECK(block.view.Pointer(16) == RemoteAddr{5});
  CHECK(block.view.Get<uint8_t>(31) == 0xff);
  CHECK(block.view.Get<uint32_t>(4) == 0);
}

TEST_CASE("object view: what is not in the block is zero") {
  const Block block;
  CHECK(block.view.Word(-24) == 0);
  CHECK(block.view.Word(32) == 0);
  // The first or the last byte alone would be.
  CHECK(block.view.Word(25) == 0);
  CHECK(block.view.Word(-17) == 0);
  CHECK(block.view.Word(INT64_MAX) == 0);
  CHECK(block.view.Word(INT64_MIN) == 0);
  const ObjectView empty(RemoteAddr{0x1000}, {}, 0);
  CHECK(empty.Get<uint8_t>(0) == 0);
}

TEST_CASE("object view: an offset beyond the block is not believed") {
  const std::array<std::byte, 8> bytes{std::byte{1}};
  const ObjectView view(RemoteAddr{0x1000}, bytes, 4096);
  CHECK(view.Word(0) == 0);
  CHECK(view.Get<uint8_t>(-4096) == 1);
}

}  // namespace
}  // namespace leak_exporter::cpython
