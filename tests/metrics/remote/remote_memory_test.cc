#include "metrics/remote/remote_memory.h"

#include <array>
#include <cerrno>
#include <string>
#include <vector>

#include "metrics/remote/image_memory.h"
#include "tests/catch.h"
#include "tests/metrics/remote/faulty_memory.h"
#include "tests/metrics/remote/reading.h"

namespace leak_exporter {
namespace {

TEST_CASE("remote memory: strings end at NUL, and at the limit") {
  const auto image = ImageMemory::FromSegments(
      {{RemoteAddr{0x1000}, Bytes(std::string("name\0more", 9))},
       {RemoteAddr{0x2000}, Bytes(std::string(200, 'x'))}});
  REQUIRE(image.has_value());
  CHECK(image->ReadCString(RemoteAddr{0x1000}, 100).value() == "name");
  CHECK(image->ReadCString(RemoteAddr{0x2000}, 100).error().code == 0);
  CHECK(image->ReadCString(RemoteAddr{0x2000}, 1000).error().code == EFAULT);
}

TEST_CASE("remote memory: a value is read whole or not at all") {
  const auto image =
      ImageMemory::FromSegments({{RemoteAddr{0x1000}, Bytes("12345678")}});
  REQUIRE(image.has_value());
  CHECK(image->Read<uint64_t>(RemoteAddr{0x1000}).value() ==
        0x3837363534333231);
  CHECK(image->ReadPointer(RemoteAddr{0x1000}).value() ==
        RemoteAddr{0x3837363534333231});
  CHECK(image->Read<uint64_t>(RemoteAddr{0x1001}).error().code == EFAULT);
  CHECK(image->ReadExact(RemoteAddr{0}, {}).has_value());
}

struct Batch {
  std::array<std::byte, 4> first{};
  std::array<std::byte, 4> second{};
  std::vector<ReadRequest> requests = {{RemoteAddr{0x1000}, first},
                                       {RemoteAddr{0x9000}, second},
                                       {RemoteAddr{0x1004}, {}},
                                       {RemoteAddr{0x1006}, second}};
};

TEST_CASE("remote memory: a batch leaves incomplete what is not there") {
  const auto image =
      ImageMemory::FromSegments({{RemoteAddr{0x1000}, Bytes("12345678")}});
  REQUIRE(image.has_value());
  Batch batch;
  REQUIRE(image->ReadBatch(batch.requests).has_value());
  CHECK(batch.requests[0].complete());
  CHECK(batch.requests[1].got == 0);
  CHECK(batch.requests[2].complete());
  CHECK(batch.requests[3].got == 2);
  CHECK(batch.second[0] == std::byte{'7'});
}

TEST_CASE("remote memory: a batch ends with the process, or at a refusal") {
  const auto image =
      ImageMemory::FromSegments({{RemoteAddr{0x1000}, Bytes("12345678")}});
  REQUIRE(image.has_value());
  for (const int code : {ESRCH, EPERM}) {
    const FaultyMemory memory(*image, [code](size_t read, RemoteAddr, size_t) {
      return read == 1 ? Fault{code, {}} : Fault{};
    });
    Batch batch;
    CHECK(memory.ReadBatch(batch.requests).error().code == code);
    CHECK(memory.reads() == 2);
  }
}

TEST_CASE("remote memory: addresses are written as in /proc, and wrap around") {
  CHECK(ToString(RemoteAddr{0x7f12a4}) == "0x7f12a4");
  CHECK(ToString(RemoteAddr{0}) == "0x0");
  CHECK(RemoteAddr{UINT64_MAX} + 2 == RemoteAddr{1});
  CHECK(RemoteAddr{1} - 2 == RemoteAddr{UINT64_MAX});
}

}  // namespace
}  // namespace leak_exporter
