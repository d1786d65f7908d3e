#include "metrics/cpython/objects/long.h"

#include <array>

#include "tests/catch.h"
#include "tests/metrics/cpython/objects/object_builder.h"

namespace leak_exporter::cpython {
namespace {

const std::vector<PythonVersion> kVersions = {
    {2, 7, 18}, {3, 8, 18}, {3, 11, 2}, {3, 12, 1}, {3, 13, 5}, {3, 15, 2}};

std::optional<PythonLong> Read(const ObjectBuilder& builder, RemoteAddr number,
                               size_t max_digits = 10) {
  BuiltObjects built(builder);
  return ReadLong(built.cache, built.layout, number, max_digits);
}

std::optional<uint64_t> ReadSmall(const ObjectBuilder& builder,
                                  RemoteAddr number) {
  BuiltObjects built(builder);
  return ReadSmallInt(built.cache, built.layout, number);
}

TEST_CASE("long: sign and digits, in each version") {
  const std::vector<std::vector<uint32_t>> numbers = {
      {}, {1}, {(1 << 30) - 1}, {0, 1}, {5, 0, 7}};
  for (const PythonVersion& version : kVersions) {
    for (const auto& digits : numbers) {
      for (const bool negative : {false, true}) {
        // There is no -0.
        if (digits.empty() && negative) continue;
        INFO(ToString(version) << ", " << digits.size());
        ObjectBuilder builder(version);
        const RemoteAddr object = builder.AddInt(negative, digits);
        const auto number = Read(builder, object);
        REQUIRE(number.has_value());
        CHECK(number->negative == negative);
        CHECK(number->digits == digits);
        const ImageMemory memory = builder.Memory();
        std::array<std::byte, 64> bytes{};
        REQUIRE(memory.ReadSome(object, bytes).value() > 0);
        CHECK(CountDigits(builder.layout(), ObjectView(object, bytes, 0)) ==
              digits.size());
      }
    }
  }
}

TEST_CASE("long: the word that holds both, before and from 3.12 on") {
  const Layout before = *FindLayout({3, 11, 2}, false);
  CHECK(LongSizeOffset(before) == 16);
  const LongSize lowest =
      ParseLongSize(before, static_cast<uint64_t>(INT64_MIN));
  CHECK(lowest.digits == uint64_t{1} << 63);
  CHECK(lowest.negative);
  const Layout after = *FindLayout({3, 12, 1}, false);
  // lv_tag of 0, 1 and -1 (Include/cpython/longintrepr.h).
  CHECK(ParseLongSize(after, 1).digits == 0);
  CHECK_FALSE(ParseLongSize(after, 1).negative);
  CHECK(ParseLongSize(after, 8).digits == 1);
  CHECK_FALSE(ParseLongSize(after, 8).negative);
  CHECK(ParseLongSize(after, 10).digits == 1);
  CHECK(ParseLongSize(after, 10).negative);
  // A flag of immortal ones stands beside the sign.
  CHECK_FALSE(ParseLongSize(after, 12).negative);
  CHECK(ParseLongSize(after, 14).negative);
}

TEST_CASE("long: more digits than asked for are absent") {
  for (const PythonVersion& version : kVersions) {
    ObjectBuilder builder(version);
    const RemoteAddr number = builder.AddInt(true, {1, 2, 3});
    CHECK(Read(builder, number, 3).has_value());
    CHECK_FALSE(Read(builder, number, 2).has_value());
    CHECK(Read(builder, builder.AddInt(false, {}), 0)->digits.empty());
  }
}

TEST_CASE("long: what cannot be read is absent") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr number = builder.AddInt(5);
  CHECK_FALSE(Read(builder, ObjectBuilder::kNowhere).has_value());
  // Digits behind all memory, and lengths that none has.
  const Offset ob_size = builder.layout().object.ob_size;
  builder.Put<int64_t>(number + ob_size, 1 << 20);
  CHECK_FALSE(Read(builder, number, 1 << 21).has_value());
  for (const int64_t size : {INT64_MIN, INT64_MAX}) {
    builder.Put(number + ob_size, size);
    CHECK_FALSE(Read(builder, number).has_value());
  }
}

TEST_CASE("small int: not negative and at most two digits") {
  for (const PythonVersion& version : kVersions) {
    if (version.major < 3) continue;
    INFO(ToString(version));
    ObjectBuilder builder(version);
    CHECK(ReadSmall(builder, builder.AddInt(0)) == 0);
    CHECK(ReadSmall(builder, builder.AddInt(11)) == 11);
    CHECK(ReadSmall(builder, builder.AddInt(false, {5, 1})) == 1073741829);
    CHECK(ReadSmall(builder, builder.AddInt(-1)) == std::nullopt);
    CHECK(ReadSmall(builder, builder.AddInt(false, {0, 0, 1})) == std::nullopt);
    CHECK(ReadSmall(builder, ObjectBuilder::kNowhere) == std::nullopt);
  }
}

TEST_CASE("small int: 2.7's is a C long") {
  ObjectBuilder builder({2, 7, 18});
  CHECK(ReadSmall(builder, builder.AddInt(11)) == 11);
}

}  // namespace
}  // namespace leak_exporter::cpython
