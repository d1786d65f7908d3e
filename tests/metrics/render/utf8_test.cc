#include "metrics/render/utf8.h"

#include <string>
#include <vector>

#include "tests/catch.h"

namespace leak_exporter::render {
namespace {

using namespace std::string_literals;

struct Case {
  std::string bytes;
  std::string repaired;
};

const std::string kBad = "\xEF\xBF\xBD";

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
}  // namespace leak_exporter::render
