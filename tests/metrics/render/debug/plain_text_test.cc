#include "metrics/render/debug/plain_text.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/catch.h"

namespace leak_exporter::render {
namespace {

std::string Plain(std::string_view bytes) {
  std::string out;
  AppendPlainText(bytes, out);
  return out;
}

TEST_CASE("plain text: only what is not printable is escaped") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", ""},
      {"/tmp/a b\\c '\"", "/tmp/a b\\c '\""},
      {"caf\xC3\xA9 \xF0\x9F\x98\x80", "caf\xC3\xA9 \xF0\x9F\x98\x80"},
      {"a\nb", "a\\x0ab"},
      {"\x1B[2J\t\r\x7F", "\\x1b[2J\\x09\\x0d\\x7f"},
      {"\xFF\xC3(", "\\xff\\xc3("},
      {"\xC2\x85", "\\xc2\\x85"},
      {"\xE2\x80\xA8\xE2\x80\xAE\xE2\x81\xA6",
       "\\xe2\\x80\\xa8\\xe2\\x80\\xae\\xe2\\x81\\xa6"},
  };
  for (const auto& [bytes, text] : cases) CHECK(Plain(bytes) == text);
}

TEST_CASE("plain text: every byte of a line of bytes stays in its line") {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text = Plain(std::string(1, static_cast<char>(byte)));
    const bool is_plain = byte >= 0x20 && byte < 0x7F;
    CHECK(text.size() == (is_plain ? 1 : 4));
    CHECK(text.find('\n') == std::string::npos);
  }
}

TEST_CASE("plain text: is appended") {
  std::string out = "a";
  AppendPlainText("b", out);
  CHECK(out == "ab");
}

}  // namespace
}  // namespace leak_exporter::render
