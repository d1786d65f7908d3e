#include "metrics/base/ascii.h"

#include "tests/catch.h"

namespace leak_exporter {
namespace {

TEST_CASE("ascii: letters alone change their case") {
  CHECK(LowerAscii("Content-LENGTH [@`{ \xC3\x84") ==
        "content-length [@`{ \xC3\x84");
  CHECK(LowerAscii("").empty());
}

TEST_CASE("ascii: equal but for the case") {
  CHECK(EqualsIgnoringCase("Host", "hOST"));
  CHECK(EqualsIgnoringCase("", ""));
  CHECK_FALSE(EqualsIgnoringCase("Host", "Hosts"));
  CHECK_FALSE(EqualsIgnoringCase("@", "`"));
  CHECK_FALSE(EqualsIgnoringCase("\xC3\x84", "\xC3\xA4"));
}

TEST_CASE("ascii: spaces and tabs at the ends are trimmed") {
  CHECK(TrimBlanks(" \t a b\t") == "a b");
  CHECK(TrimBlanks("a") == "a");
  CHECK(TrimBlanks(" \t").empty());
  CHECK(TrimBlanks("\na ") == "\na");
}

}  // namespace
}  // namespace leak_exporter
