#include "metrics/render/prometheus/sum_by_label.h"

#include <string>
#include <utility>
#include <vector>

#include "tests/catch.h"

namespace leak_exporter::render {
namespace {

std::vector<std::pair<std::string, int>> EntriesOf(
    const SumByLabel<int>& sums) {
  std::vector<std::pair<std::string, int>> entries;
  for (const auto& [label, value] : sums.entries()) {
    entries.emplace_back(label, value);
  }
  return entries;
}

TEST_CASE("sum by label: a label is one entry, in the order of the first") {
  SumByLabel<int> sums;
  sums["b"] += 1;
  sums["a"] += 2;
  sums["b"] += 3;
  sums[""] += 4;
  CHECK(EntriesOf(sums) ==
        std::vector<std::pair<std::string, int>>{{"b", 4}, {"a", 2}, {"", 4}});
}

TEST_CASE("sum by label: a new label begins at zero") {
  SumByLabel<int> sums;
  CHECK(sums["a"] == 0);
  CHECK(EntriesOf(sums) == std::vector<std::pair<std::string, int>>{{"a", 0}});
}

TEST_CASE("sum by label: many labels keep their sums") {
  SumByLabel<int> sums;
  for (int turn = 0; turn < 3; ++turn) {
    // Long and short ones, which strings keep in different places.
    for (int i = 0; i < 5000; ++i) {
      sums[std::string(static_cast<size_t>(i % 40), 'x') + std::to_string(i)] +=
          i;
    }
  }
  REQUIRE(sums.entries().size() == 5000);
  for (int i = 0; i < 5000; ++i) {
    CHECK(sums.entries()[static_cast<size_t>(i)].value == 3 * i);
  }
}

}  // namespace
}  // namespace leak_exporter::render
