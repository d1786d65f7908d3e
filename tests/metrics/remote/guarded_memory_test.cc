#include "metrics/remote/guarded_memory.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <vector>

#include "metrics/remote/image_memory.h"
#include "tests/catch.h"
#include "tests/fake_clock.h"
#include "tests/metrics/remote/faulty_memory.h"
#include "tests/metrics/remote/reading.h"

namespace leak_exporter {
namespace {

constexpr RemoteAddr kStart{0x1000};
const std::vector<AddressRange> kMapped = {RangeAt(kStart, 0x1000),
                                           RangeAt(RemoteAddr{0x8000}, 0x10)};

/// A page of which each read fails as `rule` says.
class Guarded {
 public:
  explicit Guarded(FaultyMemory::Rule rule)
      : image_(*ImageMemory::FromSegments({{kStart, Bytes("12345678")}})),
        faulty_(image_, std::move(rule)) {}

  FakeClock clock{std::chrono::seconds(1000)};
  const FaultyMemory& below() const { return faulty_; }
  const GuardedMemory& memory() const { return guarded_; }
  Result<std::optional<Error>> FindFailure(
      std::vector<AddressRange> mapped_now = kMapped) const {
    return guarded_.FindFailure([&]() -> Result<std::vector<AddressRange>> {
      ++maps;
      return mapped_now;
    });
  }
  /// How often the map was asked for.
  mutable int maps = 0;
  int CodeAt(RemoteAddr address) const {
    const auto read = guarded_.Read<char>(address);
    return read ? 0 : read.error().code;
  }

 private:
  ImageMemory image_;
  FaultyMemory faulty_;
  GuardedMemory guarded_{faulty_, kMapped,
                         Deadline::After(clock, std::chrono::seconds(5))};
};

Fault NoFault(size_t, RemoteAddr, size_t) { return {}; }

TEST_CASE("guarded memory: reads what is there, one by one and many at once") {
  const Guarded guarded(NoFault);
  CHECK(ReadText(guarded.memory(), kStart, 4) == "1234");
  std::array<std::byte, 4> bytes{};
  std::vector<ReadRequest> requests = {{kStart + 2, bytes}};
  REQUIRE(guarded.memory().ReadBatch(requests).has_value());
  CHECK(requests[0].complete());
  CHECK(bytes[0] == std::byte{'3'});
  CHECK_FALSE(guarded.memory().end());
  CHECK_FALSE(guarded.FindFailure().value());
  CHECK(guarded.maps == 0);
}

TEST_CASE("guarded memory: what ends all reading ends it for good") {
  const int code = GENERATE(ESRCH, EPERM);
  const Guarded guarded([code](size_t read, RemoteAddr, size_t) {
    return read == 1 ? Fault{code, {}} : Fault{};
  });
  CHECK(guarded.CodeAt(kStart) == 0);
  CHECK(guarded.CodeAt(kStart) == code);
  CHECK(guarded.CodeAt(kStart) == code);
  std::array<std::byte, 4> bytes{};
  std::vector<ReadRequest> requests = {{kStart, bytes}};
  CHECK(guarded.memory().ReadBatch(requests).error().code == code);
  CHECK(guarded.below().reads() == 2);
  REQUIRE(guarded.memory().end());
  CHECK(guarded.memory().end()->code == code);
}

TEST_CASE("guarded memory: a batch that ends all reading does, too") {
  const Guarded guarded([](size_t, RemoteAddr, size_t) {
    return Fault{ESRCH, {}};
  });
  std::array<std::byte, 4> bytes{};
  std::vector<ReadRequest> requests = {{kStart, bytes}};
  CHECK(guarded.memory().ReadBatch(requests).error().code == ESRCH);
  CHECK(guarded.CodeAt(kStart) == ESRCH);
  CHECK(guarded.below().reads() == 1);
}

TEST_CASE("guarded memory: past the deadline nothing is read") {
  Guarded guarded(NoFault);
  guarded.clock.Advance(std::chrono::seconds(5));
  CHECK(guarded.CodeAt(kStart) == ETIMEDOUT);
  CHECK(guarded.below().reads() == 0);
  REQUIRE(guarded.memory().end());
  CHECK(guarded.memory().end()->code == ETIMEDOUT);
}

TEST_CASE("guarded memory: a read that fails once succeeds") {
  const int code = GENERATE(EFAULT, ENOMEM);
  const Guarded guarded([code](size_t read, RemoteAddr, size_t) {
    return read == 0 ? Fault{code, {}} : Fault{};
  });
  CHECK(guarded.CodeAt(kStart) == 0);
  CHECK(guarded.below().reads() == 2);
  CHECK_FALSE(guarded.FindFailure().value());
}

TEST_CASE("guarded memory: mapped memory that cannot be read was missed") {
  const Guarded guarded(NoFault);
  // The image holds the beginning of the first range alone.
  CHECK(guarded.CodeAt(kStart + 8) == EFAULT);
  CHECK(guarded.CodeAt(kStart + 16) == EFAULT);
  CHECK(guarded.CodeAt(kStart) == 0);
  CHECK_FALSE(guarded.memory().end());
  const auto failure = guarded.FindFailure();
  REQUIRE(failure.has_value());
  REQUIRE(failure->has_value());
  CHECK((*failure)->code == EFAULT);
  CHECK((*failure)->message ==
        "memory image: nothing at 0x1008 (the first of 1 pages that cannot be "
        "read)");
  CHECK(guarded.maps == 3);
}

TEST_CASE("guarded memory: memory that was unmapped meanwhile was not missed") {
  const Guarded guarded(NoFault);
  CHECK(guarded.CodeAt(kStart + 8) == EFAULT);
  CHECK_FALSE(guarded.FindFailure({RangeAt(kStart, 8)}).value());
  CHECK(guarded.maps == 1);
}

TEST_CASE("guarded memory: nor was memory that can be read again") {
  const Guarded guarded([](size_t read, RemoteAddr, size_t) {
    return read < 2 ? Fault{EFAULT, {}} : Fault{};
  });
  CHECK(guarded.CodeAt(kStart) == EFAULT);
  CHECK_FALSE(guarded.FindFailure().value());
  CHECK(guarded.maps == 1);
}

TEST_CASE("guarded memory: what only looks like an address is not memory") {
  const Guarded guarded(NoFault);
  for (const uint64_t address : {uint64_t{0}, uint64_t{0x7000}, UINT64_MAX}) {
    CHECK(guarded.CodeAt(RemoteAddr{address}) == EFAULT);
  }
  CHECK(guarded.below().reads() == 3);
  CHECK_FALSE(guarded.FindFailure().value());
  CHECK(guarded.maps == 0);
}

TEST_CASE("guarded memory: other failures count wherever they are") {
  const Guarded guarded([](size_t, RemoteAddr, size_t) {
    return Fault{ENOMEM, {}};
  });
  CHECK(guarded.CodeAt(RemoteAddr{0}) == ENOMEM);
  CHECK_FALSE(guarded.memory().end());
  REQUIRE(guarded.FindFailure().value());
  CHECK((*guarded.FindFailure())->code == ENOMEM);
}

TEST_CASE("guarded memory: what ends while it is looked at again has ended") {
  const Guarded guarded([](size_t read, RemoteAddr, size_t) {
    return Fault{read < 2 ? EFAULT : ESRCH, {}};
  });
  CHECK(guarded.CodeAt(kStart) == EFAULT);
  const auto failure = guarded.FindFailure();
  REQUIRE_FALSE(failure.has_value());
  CHECK(failure.error().code == ESRCH);
}

}  // namespace
}  // namespace leak_exporter
