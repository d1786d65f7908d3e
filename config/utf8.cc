#include "config/utf8.h"

#include <array>
#include <cstdint>
#include <cstdio>

namespace leak_exporter::config {
namespace {

constexpr size_t kLongestEscaped = 60;

// How many bytes a lead byte announces; 0 where it leads nothing.
size_t SequenceLength(uint8_t lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 0;
}

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

CodePoint DecodeUtf8(std::string_view text, size_t position) {
  const auto byte = [&](size_t i) {
    return static_cast<uint8_t>(text[position + i]);
  };
  const uint8_t lead = byte(0);
  const size_t length = SequenceLength(lead);
  const CodePoint invalid{lead, 1, false};
  if (length == 0 || length > text.size() - position) return invalid;
  if (length == 1) return {lead, 1, true};
  char32_t value = lead & (0x7FU >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return invalid;
    value = value << 6 | (byte(i) & 0x3FU);
  }
  const bool overlong =
      (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (overlong || surrogate || value > 0x10FFFF) return invalid;
  return {value, length, true};
}

bool IsControl(char32_t code_point) {
  return code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0) ||
         code_point == 0x2028 || code_point == 0x2029;
}

std::string Escape(std::string_view text) {
  std::string escaped;
  for (size_t position = 0; position < text.size();) {
    if (escaped.size() >= kLongestEscaped) return escaped + "...";
    const CodePoint point = DecodeUtf8(text, position);
    if (point.valid && !IsControl(point.value)) {
      escaped += text.substr(position, point.length);
    } else {
      escaped += EscapeSequence(point.value);
    }
    position += point.length;
  }
  return escaped;
}

std::string Quote(std::string_view text) { return "'" + Escape(text) + "'"; }

}  // namespace leak_exporter::config
