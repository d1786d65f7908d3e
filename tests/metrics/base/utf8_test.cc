#include "metrics/base/utf8.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tests/catch.h"

namespace leak_exporter {
namespace {

using namespace std::string_literals;

struct Case {
  std::string bytes;
  std::string repaired;
};

const std::string kBad = "\xEF\xBF\xBD";

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
    const Utf8Sequence sequence = DecodeUtf8(text + "x");
    INFO(static_cast<uint32_t>(value));
    CHECK(sequence.well_formed);
    CHECK(sequence.code_point == value);
    CHECK(sequence.length == text.size());
    std::string encoded;
    AppendUtf8(encoded, value);
    CHECK(encoded == text);
  }
}

TEST_CASE("utf8: what is no code point is encoded as U+FFFD") {
  std::string encoded;
  AppendUtf8(encoded, 0x110000);
  CHECK(encoded == kBad);
}

TEST_CASE("utf8: a lone surrogate is encoded in three bytes") {
  std::string encoded;
  AppendUtf8(encoded, 0xD800);
  CHECK(encoded == "\xED\xA0\x80");
}

TEST_CASE("utf8: controls are C0, DEL, C1 and the separators") {
  for (const char32_t control :
       {U'\0', U'\n', char32_t{0x1F}, char32_t{0x7F}, char32_t{0x80},
        char32_t{0x9F}, char32_t{0x2028}, char32_t{0x2029}}) {
    CHECK(IsControl(control));
  }
  for (const char32_t text :
       {U' ', U'~', char32_t{0xA0}, char32_t{0x2027}, char32_t{0x202A}}) {
    CHECK_FALSE(IsControl(text));
  }
}

TEST_CASE("utf8: well-formed text stays as it is") {
  for (const std::string& text :
       {""s, "a"s, "exactly8"s, "longer than one word"s, "nul\0inside"s,
        "\x7F"s, "\xC2\x80"s, "\xDF\xBF"s, "\xE0\xA0\x80"s, "\xED\x9F\xBF"s,
        "\xEE\x80\x80"s, "\xEF\xBF\xBF"s, "\xF0\x90\x80\x80"s,
        "\xF4\x8F\xBF\xBF"s, "ascii first, then \xE2\x82\xAC and more"s}) {
    CHECK(RepairUtf8(text) == text);
  }
}

TEST_CASE("utf8: each maximal ill-formed subpart becomes one U+FFFD") {
  const std::vector<Case> cases = {
      {"\x80", kBad},
      {"\xBF\x80", kBad + kBad},
      {"\xFF", kBad},
      {"\xFE\xFF", kBad + kBad},
      // Overlong forms: no lead byte is right for them.
      {"\xC0\xAF", kBad + kBad},
      {"\xC1\xBF", kBad + kBad},
      {"\xE0\x80\xAF", kBad + kBad + kBad},
      {"\xF0\x80\x80\xAF", kBad + kBad + kBad + kBad},
      // Surrogates and what is past the last plane.
      {"\xED\xA0\x80", kBad + kBad + kBad},
      {"\xF4\x90\x80\x80", kBad + kBad + kBad + kBad},
      {"\xF5\x80\x80\x80", kBad + kBad + kBad + kBad},
      // Cut short, at the end and in the middle.
      {"\xC3", kBad},
      {"\xE2\x82", kBad},
      {"\xF0\x9F\x98", kBad},
      {"\xE2\x82z", kBad + "z"},
      {"\xF0\x9F\x98\xC3\xA9", kBad + "\xC3\xA9"},
      {"\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", kBad + kBad + kBad + kBad + "A"},
      {"all ascii but\xFFone", "all ascii but" + kBad + "one"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.bytes);
    CHECK(RepairUtf8(c.bytes) == c.repaired);
  }
}

TEST_CASE("utf8: a sequence decodes to its code point") {
  CHECK(DecodeUtf8("A").code_point == U'A');
  CHECK(DecodeUtf8("\xC2\x85").code_point == U'\u0085');
  CHECK(DecodeUtf8("\xE2\x80\xA8").code_point == U'\u2028');
  CHECK(DecodeUtf8("\xF0\x9F\x98\x80").code_point == U'\U0001F600');
}

}  // namespace
}  // namespace leak_exporter
