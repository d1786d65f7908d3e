#include "metrics/procfs/text.h"

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "tests/catch.h"

namespace leak_exporter::procfs {
namespace {

using std::string_literals::operator""s;

TEST_CASE("text: a number is the whole of its text") {
  CHECK(ParseNumber<uint64_t>("0") == 0U);
  CHECK(ParseNumber<uint64_t>("007") == 7U);
  CHECK(ParseNumber<uint64_t>("18446744073709551615") == UINT64_MAX);
  CHECK(ParseNumber<pid_t>("2147483647") == 2'147'483'647);
  CHECK(ParseNumber<uint64_t>("7fff", 16) == 0x7fffU);
  CHECK(ParseNumber<uint64_t>("FFFFFFFFFFFFFFFF", 16) == UINT64_MAX);
  CHECK(ParseNumber<uint32_t>("1777", 8) == 01777U);
}

TEST_CASE("text: anything else is no number") {
  for (const std::string& bad :
       {""s, " "s, " 7"s, "7 "s, "7\n"s, "+7"s, "-7"s, "-0"s, "-"s, "7x"s, "x"s,
        "0x7"s, "7.0"s, "7,0"s, "7\0"s, "\xff"s}) {
    CAPTURE(bad);
    CHECK_FALSE(ParseNumber<uint64_t>(bad));
    CHECK_FALSE(ParseNumber<int64_t>(bad));
    CHECK_FALSE(ParseNumber<pid_t>(bad));
  }
  CHECK_FALSE(ParseNumber<uint64_t>("7g", 16));
  CHECK_FALSE(ParseNumber<uint64_t>("0x7f", 16));
  CHECK_FALSE(ParseNumber<uint64_t>("8", 8));
}

TEST_CASE("text: a number that does not fit its type is none") {
  CHECK_FALSE(ParseNumber<uint64_t>("18446744073709551616"));
  CHECK_FALSE(ParseNumber<uint64_t>("10000000000000000", 16));
  CHECK_FALSE(ParseNumber<uint32_t>("4294967296"));
  CHECK_FALSE(ParseNumber<pid_t>("2147483648"));
  CHECK_FALSE(ParseNumber<uint64_t>(std::string(1000, '9')));
}

TEST_CASE("text: malformed content is named with its line, and has no errno") {
  const Error error = Malformed(3, "bad VmRSS", "x kB");
  CHECK(error.code == 0);
  CHECK(error.message == "3: bad VmRSS 'x kB'");
  CHECK(Malformed(1, "no pid in", "").message == "1: no pid in ''");
}

TEST_CASE("text: hostile content can forge no line and fill no log") {
  CHECK(Malformed(1, "bad", "a\n2: good\x1b[2J\x7f\xff\t~").message ==
        "1: bad 'a?2: good?[2J???~'");
  CHECK(Malformed(1, "bad", "a\0b"s).message == "1: bad 'a?b'");
  const std::string most(64, 'y');
  CHECK(Malformed(1, "bad", most).message == "1: bad '" + most + "'");
  CHECK(Malformed(1, "bad", most + "z").message == "1: bad '" + most + "...'");
}

TEST_CASE("text: lines come off the front one by one") {
  std::string_view text = "one\n\nthree\n";
  CHECK(TakeLine(text, 1).value() == "one");
  CHECK(TakeLine(text, 2).value().empty());
  CHECK(TakeLine(text, 3).value() == "three");
  CHECK(text.empty());
}

TEST_CASE("text: a line without its newline is torn, and is left there") {
  std::string_view text = "whole\ntor";
  REQUIRE(TakeLine(text, 4));
  const auto torn = TakeLine(text, 5);
  REQUIRE_FALSE(torn);
  CHECK(torn.error().code == 0);
  CHECK(torn.error().message == "5: torn last line 'tor'");
  CHECK(text == "tor");
  std::string_view empty;
  CHECK(TakeLine(empty, 1).error().message == "1: torn last line ''");
}

TEST_CASE("text: the path comes before what a parser says") {
  const Error error =
      AtPath("/proc/7/status", Malformed(3, "bad VmRSS", "x kB"));
  CHECK(error.message == "/proc/7/status:3: bad VmRSS 'x kB'");
  CHECK(AtPath("/p", Error{5, "x"}).code == 5);
}

}  // namespace
}  // namespace leak_exporter::procfs
