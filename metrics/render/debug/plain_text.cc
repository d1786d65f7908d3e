#include "metrics/render/debug/plain_text.h"

#include "metrics/base/utf8.h"

namespace leak_exporter::render {
namespace {

bool IsPrintable(const Utf8Sequence& sequence) {
  const char32_t c = sequence.code_point;
  const bool is_control = c < 0x20 || (c >= 0x7F && c < 0xA0);
  const bool is_separator_or_override =
      (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
  return sequence.well_formed && !is_control && !is_separator_or_override;
}

void AppendHex(std::string_view bytes, std::string& out) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += "\\x";
    out += kDigits[byte >> 4];
    out += kDigits[byte & 0xF];
  }
}

}  // namespace

void AppendPlainText(std::string_view bytes, std::string& out) {
  while (!bytes.empty()) {
    const Utf8Sequence sequence = DecodeUtf8(bytes);
    const std::string_view text = bytes.substr(0, sequence.length);
    if (IsPrintable(sequence)) {
      out += text;
    } else {
      AppendHex(text, out);
    }
    bytes.remove_prefix(sequence.length);
  }
}

}  // namespace leak_exporter::render
