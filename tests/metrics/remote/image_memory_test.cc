#include "metrics/remote/image_memory.h"

#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/metrics/remote/reading.h"

namespace leak_exporter {
namespace {

TEST_CASE("image memory: segments that touch read as one, gaps end a read") {
  const auto image =
      ImageMemory::FromSegments({{RemoteAddr{0x2003}, Bytes("def")},
                                 {RemoteAddr{0x2000}, Bytes("abc")},
                                 {RemoteAddr{0x3000}, Bytes("xyz")}});
  REQUIRE(image.has_value());
  CHECK(ReadText(*image, RemoteAddr{0x2001}, 4) == "bcde");
  CHECK(ReadText(*image, RemoteAddr{0x2004}, 100) == "ef");
  CHECK(ReadText(*image, RemoteAddr{0x3002}, 100) == "z");
  CHECK(ReadText(*image, RemoteAddr{0x1fff}, 1) == "error 14");
  CHECK(ReadText(*image, RemoteAddr{0x2006}, 1) == "error 14");
  CHECK(ReadText(*image, RemoteAddr{UINT64_MAX}, 100) == "error 14");
  std::vector<std::byte> three(3);
  CHECK(image->ReadExact(RemoteAddr{0x2004}, three).error().message ==
        "3 bytes at 0x2004: only 2 can be read");
}

TEST_CASE("image memory: what is written is read back the same") {
  const auto image =
      ImageMemory::FromSegments({{RemoteAddr{0x2000}, Bytes("abc")},
                                 {RemoteAddr{0xffff0000}, Bytes("d")}});
  REQUIRE(image.has_value());
  const std::string file = image->Serialize();
  const auto again =
      ImageMemory::Parse(std::as_bytes(std::span(file.data(), file.size())));
  REQUIRE(again.has_value());
  CHECK(again->Serialize() == file);
  CHECK(ReadText(*again, RemoteAddr{0xffff0000}, 1) == "d");
}

TEST_CASE("image memory: a bad image is an error") {
  const std::string good =
      ImageMemory::FromSegments({{RemoteAddr{0x2000}, Bytes("abc")}})
          ->Serialize();
  const auto parse = [](const std::string& file) {
    return ImageMemory::Parse(
        std::as_bytes(std::span(file.data(), file.size())));
  };
  REQUIRE(parse(good).has_value());
  for (size_t size = 0; size < good.size(); ++size) {
    INFO(size);
    // Without segments it is whole.
    CHECK(parse(good.substr(0, size)).has_value() == (size == 8));
  }
  CHECK_FALSE(parse("LEAKIMG2" + good.substr(8)).has_value());
  // The same segment twice.
  CHECK_FALSE(parse(good + good.substr(8)).has_value());
  std::string huge = good;
  huge.replace(16, 8, 8, '\xff');
  CHECK_FALSE(parse(huge).has_value());
  std::string at_the_end = good;
  at_the_end.replace(8, 8, 8, '\xff');
  CHECK_FALSE(parse(at_the_end).has_value());
}

}  // namespace
}  // namespace leak_exporter
