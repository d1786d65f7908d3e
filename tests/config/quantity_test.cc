#include "config/quantity.h"

#include <cstdint>
#include <string>

#include "tests/catch.h"

namespace leak_exporter::config {
namespace {

using std::string_literals::operator""s;

TEST_CASE("quantity: a number, the word after it and the rest") {
  struct Case {
    std::string text;
    std::optional<uint64_t> number;
    std::string unit;
    std::string rest;
  };
  for (const Case& expected : {
           Case{"5 minutes", 5, "minutes", ""},
           Case{"1h30m", 1, "h", "30m"},
           Case{"1 hour 30 minutes", 1, "hour", "30 minutes"},
           Case{"007ms", 7, "ms", ""},
           Case{"4   GiB   ", 4, "GiB", ""},
           Case{"18446744073709551615B", UINT64_MAX, "B", ""},
           Case{"5", 5, "", ""},
           Case{"minute", {}, "minute", ""},
           Case{"", {}, "", ""},
           // What is neither is left for the caller to name.
           Case{"1.5h", 1, "", ".5h"},
           Case{"-5m", {}, "", "-5m"},
           Case{"+5m", {}, "", "+5m"},
           Case{"5%", 5, "", "%"},
           Case{"5\tm", 5, "", "\tm"},
           Case{"5 \xc2\xb5s", 5, "", "\xc2\xb5s"},
           Case{"5m\0s"s, 5, "m", "\0s"s},
       }) {
    CAPTURE(expected.text);
    const Quantity quantity = TakeQuantity(expected.text);
    CHECK(quantity.number == expected.number);
    CHECK_FALSE(quantity.overflow);
    CHECK(quantity.unit == expected.unit);
    CHECK(quantity.rest == expected.rest);
  }
}

TEST_CASE("quantity: a number that does not fit is none, and that is said") {
  for (const std::string& digits :
       {"18446744073709551616"s, std::string(1000, '9')}) {
    const std::string text = digits + " h 5m";
    const Quantity quantity = TakeQuantity(text);
    CHECK(quantity.number == std::nullopt);
    CHECK(quantity.overflow);
    CHECK(quantity.unit == "h");
    CHECK(quantity.rest == "5m");
  }
}

}  // namespace
}  // namespace leak_exporter::config
