#include "metrics/base/quote.h"

#include <array>
#include <cstddef>
#include <cstdio>

#include "metrics/base/utf8.h"

namespace leak_exporter {
namespace {

constexpr size_t kLongestEscaped = 60;

std::string EscapeSequence(char32_t value) {
  switch (value) {
    case U'\n':
      return "\\n";
    case U'\r':
      return "\\r";
    case U'\t':
      return "\\t";
    default:
      break;
  }
  std::array<char, 16> text;
  std::snprintf(text.data(), text.size(), value < 0x100 ? "\\x%02x" : "\\u%04x",
                static_cast<unsigned>(value));
  return text.data();
}

}  // namespace

std::string Escape(std::string_view text) {
  std::string escaped;
  while (!text.empty()) {
    if (escaped.size() >= kLongestEscaped) return escaped + "...";
    Utf8Sequence sequence = DecodeUtf8(text);
    if (sequence.well_formed && !IsControl(sequence.code_point)) {
      escaped += text.substr(0, sequence.length);
    } else if (sequence.well_formed) {
      escaped += EscapeSequence(sequence.code_point);
    } else {
      // One byte at a time: the rest of an ill-formed sequence begins none.
      escaped += EscapeSequence(static_cast<unsigned char>(text.front()));
      sequence.length = 1;
    }
    text.remove_prefix(sequence.length);
  }
  return escaped;
}

std::string Quote(std::string_view text) { return "'" + Escape(text) + "'"; }

}  // namespace leak_exporter
