#include "metrics/remote/read_cache.h"

#include <array>

#include "metrics/remote/image_memory.h"
#include "tests/catch.h"

namespace leak_exporter {
namespace {

constexpr RemoteAddr kStart{0x10000};
constexpr size_t kBytes = 3 * 4096;

/// Each byte says where it is, in two turns.
std::byte At(size_t offset) { return static_cast<std::byte>(offset % 251); }

ImageMemory MakeImage() {
  MemorySegment segment{kStart, std::vector<std::byte>(kBytes)};
  for (size_t i = 0; i < kBytes; ++i) segment.bytes[i] = At(i);
  auto image = ImageMemory::FromSegments({segment});
  REQUIRE(image);
  return *std::move(image);
}

void CheckRead(ReadCache& memory, size_t offset, size_t size) {
  std::vector<std::byte> bytes(size);
  REQUIRE(memory.ReadExact(kStart + offset, bytes));
  for (size_t i = 0; i < size; ++i) CHECK(bytes[i] == At(offset + i));
}

TEST_CASE("read cache: within a page, across pages, more than a page") {
  const ImageMemory image = MakeImage();
  ReadCache memory(image);
  CheckRead(memory, 0, 8);
  CheckRead(memory, 4090, 16);
  CheckRead(memory, 100, 2 * 4096);
  CheckRead(memory, kBytes - 1, 1);
}

TEST_CASE("read cache: what is not there") {
  const ImageMemory image = MakeImage();
  ReadCache memory(image);
  CHECK_FALSE(memory.Read<uint64_t>(RemoteAddr{0}));
  CHECK_FALSE(memory.Read<uint64_t>(kStart - 8));
  CHECK_FALSE(memory.Read<uint64_t>(kStart + (kBytes - 4)));
  CHECK_FALSE(memory.Read<uint64_t>(RemoteAddr{UINT64_MAX - 3}));
}

TEST_CASE("read cache: the block at hand comes first, until it is left") {
  const ImageMemory image = MakeImage();
  ReadCache memory(image);
  std::array<std::byte, 16> block;
  block.fill(std::byte{0xff});
  memory.Enter(kStart + 32, block);
  CHECK(memory.Read<uint8_t>(kStart + 32) == 0xff);
  CHECK(memory.Read<uint8_t>(kStart + 47) == 0xff);
  CHECK(memory.Read<uint8_t>(kStart + 48) == 48);
  memory.Leave();
  CHECK(memory.Read<uint8_t>(kStart + 32) == 32);
}

TEST_CASE("read cache: prefetched ranges, close together and apart") {
  const ImageMemory image = MakeImage();
  ReadCache memory(image);
  const std::array<AddressRange, 4> ranges = {
      RangeAt(kStart + 8, 8), RangeAt(kStart + 64, 48),
      RangeAt(kStart + 8000, 48), RangeAt(kStart + (kBytes - 4), 8)};
  memory.Prefetch(ranges);
  CheckRead(memory, 8, 8);
  CheckRead(memory, 64, 48);
  CheckRead(memory, 8000, 48);
  CheckRead(memory, 64, 8);
  CHECK_FALSE(memory.Read<uint64_t>(kStart + (kBytes - 4)));
  memory.Leave();
  CheckRead(memory, 8000, 48);
}

TEST_CASE("read cache: a block's reads are limited") {
  const ImageMemory image = MakeImage();
  ReadCache memory(image);
  uint64_t reads = 0;
  while (memory.Read<uint8_t>(kStart)) ++reads;
  CHECK(reads == 4'000'000);
  memory.Enter({}, {});
  CHECK(memory.Read<uint8_t>(kStart));
}

}  // namespace
}  // namespace leak_exporter
