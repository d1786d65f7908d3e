#include "metrics/limits/hysteretic_top_n.h"

#include <algorithm>
#include <string>
#include <vector>

#include "tests/catch.h"

namespace leak_exporter {
namespace {

std::vector<std::string> Names(const std::string& letters) {
  std::vector<std::string> names;
  for (const char letter : letters) names.emplace_back(1, letter);
  return names;
}

std::string Chosen(HystereticTopN& top, const std::string& letters) {
  std::string chosen;
  for (const size_t i : top.Choose(Names(letters))) chosen += letters[i];
  return chosen;
}

TEST_CASE("sticky top: two that change places at the edge do not flicker") {
  HystereticTopN top(5);
  CHECK(Chosen(top, "abcdefg") == "abcde");
  CHECK(Chosen(top, "abcdfeg") == "abcde");
  CHECK(Chosen(top, "abcdefg") == "abcde");
}

TEST_CASE("sticky top: one that has risen clearly comes in") {
  HystereticTopN top(5);
  CHECK(Chosen(top, "abcdefg") == "abcde");
  CHECK(Chosen(top, "gabcdef") == "gabcd");
  CHECK(Chosen(top, "abcdgef") == "abcdg");
}

TEST_CASE("sticky top: one that has fallen clearly goes") {
  HystereticTopN top(5);
  CHECK(Chosen(top, "abcdefgh") == "abcde");
  CHECK(Chosen(top, "abcdfghe") == "abcdf");
}

TEST_CASE("sticky top: what is gone leaves its place to another") {
  HystereticTopN top(3);
  CHECK(Chosen(top, "abcd") == "abc");
  CHECK(Chosen(top, "acde") == "acd");
  CHECK(Chosen(top, "a") == "a");
  CHECK(Chosen(top, "") == "");
  CHECK(Chosen(top, "xyz") == "xyz");
}

TEST_CASE("sticky top: always as many as asked for, down to none") {
  for (const size_t size : {0, 1, 2, 3, 50}) {
    HystereticTopN top(size);
    std::vector<std::string> names;
    for (int i = 0; i < 100; ++i) names.push_back(std::to_string(i));
    for (int turn = 0; turn < 20; ++turn) {
      CHECK(top.Choose(names).size() == size);
      std::rotate(names.begin(), names.begin() + 7, names.end());
    }
  }
}

}  // namespace
}  // namespace leak_exporter
