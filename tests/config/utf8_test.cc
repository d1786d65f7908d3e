#include "config/utf8.h"

#include <string>
#include <utility>
#include <vector>

#include "tests/catch.h"

namespace leak_exporter::config {
namespace {

TEST_CASE("utf8: the first and last code point of every length") {
  const std::vector<std::pair<std::string, char32_t>> cases = {
      {std::string(1, '\0'), 0},
      {"\x7f", 0x7F},
      {"\xc2\x80", 0x80},
      {"\xdf\xbf", 0x7FF},
      {"\xe0\xa0\x80", 0x800},
      {"\xed\x9f\xbf", 0xD7FF},
      {"\xee\x80\x80", 0xE000},
      {"\xef\xbf\xbf", 0xFFFF},
      {"\xf0\x90\x80\x80", 0x10000},
      {"\xf4\x8f\xbf\xbf", 0x10FFFF},
  };
  for (const auto& [text, value] : cases) {
    const CodePoint point = DecodeUtf8(text + "x", 0);
    INFO(static_cast<uint32_t>(value));
    CHECK(point.valid);
    CHECK(point.value == value);
    CHECK(point.length == text.size());
  }
}

TEST_CASE("utf8: what is not UTF-8 is one byte at a time") {
  for (const std::string text :
       {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc3", "\xc3x", "\xe0\x9f\xbf",
        "\xed\xa0\x80", "\xed\xbf\xbf", "\xe2\x82", "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf0\x90\x80", "\xff"}) {
    const CodePoint point = DecodeUtf8(text, 0);
    INFO(Quote(text));
    CHECK_FALSE(point.valid);
    CHECK(point.length == 1);
  }
}

TEST_CASE("utf8: a quotation is one line, in UTF-8, of bounded length") {
  CHECK(Quote("") == "''");
  CHECK(Quote("plain") == "'plain'");
  CHECK(Quote("a\nb\r\t\x1b\x7f") == "'a\\nb\\r\\t\\x1b\\x7f'");
  CHECK(Quote("\xff\xc3") == "'\\xff\\xc3'");
  CHECK(Quote("\xc2\x9b\xe2\x80\xa8\xe2\x80\xa9") == "'\\x9b\\u2028\\u2029'");
  CHECK(Quote("caf\xc3\xa9") == "'caf\xc3\xa9'");
  CHECK(Quote(std::string(60, 'x')) == "'" + std::string(60, 'x') + "'");
  CHECK(Quote(std::string(61, 'x')) == "'" + std::string(60, 'x') + "...'");
}

}  // namespace
}  // namespace leak_exporter::config
