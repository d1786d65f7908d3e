#include "metrics/limits/hysteretic_top_n.h"

#include <algorithm>
#include <string>
#include <vector>

#include "tests/catch.h"

namespace leak_exporter {
namespace {

/// Chooses among rows that are named by one letter each.
std::string Chosen(HystereticTopN& limit, size_t top,
                   const std::string& letters) {
  std::string chosen;
  const auto name_of = [&](size_t i) { return std::string(1, letters[i]); };
  for (const size_t i : limit.Choose(top, letters.size(), name_of)) {
    chosen += letters[i];
  }
  return chosen;
}

TEST_CASE(
    "hysteretic top N: two that change places at the edge do not flicker") {
  HystereticTopN limit;
  CHECK(Chosen(limit, 5, "abcdefg") == "abcde");
  CHECK(Chosen(limit, 5, "abcdfeg") == "abcde");
  CHECK(Chosen(limit, 5, "abcdefg") == "abcde");
}

TEST_CASE("hysteretic top N: one that has risen clearly comes in") {
  HystereticTopN limit;
  CHECK(Chosen(limit, 5, "abcdefg") == "abcde");
  CHECK(Chosen(limit, 5, "gabcdef") == "gabcd");
  CHECK(Chosen(limit, 5, "abcdgef") == "abcdg");
}

TEST_CASE("hysteretic top N: one that has fallen clearly goes") {
  HystereticTopN limit;
  CHECK(Chosen(limit, 5, "abcdefgh") == "abcde");
  CHECK(Chosen(limit, 5, "abcdfghe") == "abcdf");
}

TEST_CASE("hysteretic top N: what is gone leaves its place to another") {
  HystereticTopN limit;
  CHECK(Chosen(limit, 3, "abcd") == "abc");
  CHECK(Chosen(limit, 3, "acde") == "acd");
  CHECK(Chosen(limit, 3, "a") == "a");
  CHECK(Chosen(limit, 3, "") == "");
  CHECK(Chosen(limit, 3, "xyz") == "xyz");
}

TEST_CASE("hysteretic top N: always as many as asked for, down to none") {
  for (const size_t size : {0, 1, 2, 3, 50}) {
    HystereticTopN limit;
    std::vector<std::string> names;
    for (int i = 0; i < 100; ++i) names.push_back(std::to_string(i));
    for (int turn = 0; turn < 20; ++turn) {
      const auto chosen =
          limit.Choose(size, names.size(), [&](size_t i) { return names[i]; });
      CHECK(chosen.size() == size);
      CHECK(std::ranges::is_sorted(chosen));
      std::rotate(names.begin(), names.begin() + 7, names.end());
    }
  }
}

TEST_CASE("hysteretic top N: the same rows again are chosen the same") {
  HystereticTopN limit;
  std::string letters = "abcdefghijklmnopqrstuvwxyz";
  for (int turn = 0; turn < 50; ++turn) {
    const std::string chosen = Chosen(limit, 10, letters);
    CHECK(Chosen(limit, 10, letters) == chosen);
    std::rotate(letters.begin(), letters.begin() + 3, letters.end() - 2);
  }
}

TEST_CASE("hysteretic top N: what was chosen outlives another limit") {
  HystereticTopN limit;
  CHECK(Chosen(limit, 5, "abcdefgh") == "abcde");
  CHECK(Chosen(limit, 6, "abcdfgeh") == "abcdfe");
  CHECK(Chosen(limit, 5, "abcdgfeh") == "abcdf");
  CHECK(Chosen(limit, 0, "abcdgfeh") == "");
  CHECK(Chosen(limit, 5, "abcdgfeh") == "abcdg");
}

TEST_CASE("hysteretic top N: asks for the names of the best rows alone") {
  HystereticTopN limit;
  size_t furthest = 0;
  for (int turn = 0; turn < 3; ++turn) {
    limit.Choose(10, 100'000, [&](size_t i) {
      furthest = std::max(furthest, i);
      return std::to_string(i);
    });
  }
  CHECK(furthest < 12);
}

}  // namespace
}  // namespace leak_exporter
