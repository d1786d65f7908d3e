#include "metrics/base/accumulate.h"

#include <cstdint>
#include <optional>
#include <vector>

#include "tests/catch.h"

namespace leak_exporter {
namespace {

using Value = std::optional<uint64_t>;

TEST_CASE("accumulate: a sum is absent until there is a value") {
  Value sum;
  AddTo(Value(), sum);
  CHECK_FALSE(sum);
  AddTo(Value(0), sum);
  CHECK(sum == 0);
  AddTo(Value(5), sum);
  AddTo(Value(), sum);
  AddTo(Value(7), sum);
  CHECK(sum == 12);
}

TEST_CASE("accumulate: the least of the values that are there") {
  Value least;
  KeepLeast(Value(), least);
  CHECK_FALSE(least);
  KeepLeast(Value(5), least);
  CHECK(least == 5);
  KeepLeast(Value(7), least);
  KeepLeast(Value(), least);
  CHECK(least == 5);
  KeepLeast(Value(0), least);
  CHECK(least == 0);
}

TEST_CASE("accumulate: a known sum needs every value") {
  Value sum = 1;
  AddKnown(Value(2), sum);
  CHECK(sum == 3);
  AddKnown(Value(), sum);
  CHECK_FALSE(sum);
  AddKnown(Value(4), sum);
  CHECK_FALSE(sum);
}

TEST_CASE("accumulate: lists are added by element, the longest decides") {
  std::vector<int64_t> sums;
  AddEach(std::vector<int32_t>{}, sums);
  CHECK(sums.empty());
  AddEach(std::vector<int32_t>{1, -2}, sums);
  AddEach(std::vector<int32_t>{10, 20, 30}, sums);
  AddEach(std::vector<int32_t>{100}, sums);
  CHECK(sums == std::vector<int64_t>{111, 18, 30});
}

}  // namespace
}  // namespace leak_exporter
