#include "metrics/remote/address_range.h"

#include "tests/catch.h"

namespace leak_exporter {
namespace {

using Ranges = std::vector<AddressRange>;

AddressRange Range(uint64_t begin, uint64_t end) {
  return {RemoteAddr{begin}, RemoteAddr{end}};
}

TEST_CASE("address range: its end is not in it") {
  const AddressRange range = RangeAt(RemoteAddr{0x1000}, 0x10);
  CHECK(range == Range(0x1000, 0x1010));
  CHECK(range.size() == 0x10);
  CHECK_FALSE(range.Contains(RemoteAddr{0xfff}));
  CHECK(range.Contains(RemoteAddr{0x1000}));
  CHECK(range.Contains(RemoteAddr{0x100f}));
  CHECK_FALSE(range.Contains(RemoteAddr{0x1010}));
}

TEST_CASE("address range: one that runs over the end keeps its size") {
  const AddressRange range = RangeAt(RemoteAddr{UINT64_MAX - 3}, 8);
  CHECK(range.size() == 8);
  CHECK_FALSE(range.Contains(RemoteAddr{UINT64_MAX}));
}

TEST_CASE("address ranges: the intersection is what lies in both") {
  const Ranges a = {Range(10, 20), Range(30, 40), Range(50, 60)};
  const Ranges b = {Range(0, 5), Range(15, 35), Range(38, 39), Range(40, 100)};
  const Ranges both = {Range(15, 20), Range(30, 35), Range(38, 39),
                       Range(50, 60)};
  CHECK(Intersection(a, b) == both);
  CHECK(Intersection(b, a) == both);
  CHECK(Intersection(a, {}).empty());
  CHECK(Intersection(a, a) == a);
}

TEST_CASE("address ranges: a hole splits, shortens or removes a range") {
  const Ranges ranges = {Range(10, 20), Range(30, 40)};
  struct Case {
    AddressRange hole;
    Ranges left;
  };
  const Case cases[] = {
      {Range(12, 15), {Range(10, 12), Range(15, 20), Range(30, 40)}},
      {Range(5, 15), {Range(15, 20), Range(30, 40)}},
      {Range(15, 35), {Range(10, 15), Range(35, 40)}},
      {Range(10, 20), {Range(30, 40)}},
      {Range(0, 100), {}},
      {Range(20, 30), ranges},
      {Range(50, 60), ranges},
  };
  for (const Case& c : cases) {
    INFO(Value(c.hole.begin));
    CHECK(Without(ranges, c.hole) == c.left);
  }
}

}  // namespace
}  // namespace leak_exporter
