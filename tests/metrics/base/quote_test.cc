#include "metrics/base/quote.h"

#include <string>

#include "tests/catch.h"

namespace leak_exporter {
namespace {

TEST_CASE("quote: a quotation is one line, in UTF-8, of bounded length") {
  CHECK(Quote("") == "''");
  CHECK(Quote("plain") == "'plain'");
  CHECK(Quote("a\nb\r\t\x1b\x7f") == "'a\\nb\\r\\t\\x1b\\x7f'");
  CHECK(Quote("\xff\xc3") == "'\\xff\\xc3'");
  // An ill-formed sequence is escaped byte by byte.
  CHECK(Quote("\xe2\x82z") == "'\\xe2\\x82z'");
  CHECK(Quote("\xc2\x9b\xe2\x80\xa8\xe2\x80\xa9") == "'\\x9b\\u2028\\u2029'");
  CHECK(Quote("caf\xc3\xa9") == "'caf\xc3\xa9'");
  CHECK(Quote(std::string(60, 'x')) == "'" + std::string(60, 'x') + "'");
  CHECK(Quote(std::string(61, 'x')) == "'" + std::string(60, 'x') + "...'");
}

}  // namespace
}  // namespace leak_exporter
