#include "exporter/http/header_list.h"

#include <string_view>

#include "tests/catch.h"

namespace leak_exporter::http {
namespace {

TEST_CASE("header list: values, parameters and q") {
  const auto elements = ParseHeaderList(
      "Text/Plain ; Version = \"1,\\\"2\" ; q=0.25 , gzip;q=1.000, *");
  REQUIRE(elements.size() == 3);
  CHECK(elements[0].value == "text/plain");
  CHECK(elements[0].Parameter("version") == "1,\"2");
  CHECK(elements[0].Parameter("charset").empty());
  CHECK(elements[0].q == 250);
  CHECK(elements[1].value == "gzip");
  CHECK(elements[1].q == 1000);
  CHECK(elements[2].value == "*");
  CHECK(elements[2].q == 1000);
}

TEST_CASE("header list: only qvalues are read as q") {
  struct Case {
    std::string_view q;
    int thousandths;
  };
  const auto [q, thousandths] =
      GENERATE(Case{"0", 0}, Case{"1", 1000}, Case{"0.", 0}, Case{"0.1", 100},
               Case{"0.12", 120}, Case{"0.123", 123}, Case{"1.0", 1000},
               Case{" 0.5 ", 500});
  const auto elements = ParseHeaderList("x;q=" + std::string(q));
  REQUIRE(elements.size() == 1);
  CHECK(elements[0].q == thousandths);
}

TEST_CASE("header list: an element with another q is left out") {
  const auto* bad = GENERATE("", "2", "-1", ".5", "0.1234", "1.001", "0x",
                             "1e-1", "nan", "0.5 0.5");
  CAPTURE(bad);
  const auto elements = ParseHeaderList(std::string("x;q=") + bad + ",y");
  REQUIRE(elements.size() == 1);
  CHECK(elements[0].value == "y");
}

}  // namespace
}  // namespace leak_exporter::http
