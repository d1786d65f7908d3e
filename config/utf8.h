#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace leak_exporter::config {

/// One code point of a text, or one byte that begins none.
struct CodePoint {
  char32_t value = 0;
  /// Bytes taken; 1 where `valid` is false.
  size_t length = 1;
  bool valid = false;
};

/// Decodes what begins at `text[position]` (RFC 3629: no surrogates, nothing
/// overlong, nothing over U+10FFFF). `position` must be within the text.
CodePoint DecodeUtf8(std::string_view text, size_t position);

/// Whether a terminal or a log reader may take it for more than a character:
/// C0 and C1 controls, DEL, and the line and paragraph separators.
bool IsControl(char32_t code_point);

/// The text for a message of one line: control characters and bytes that are
/// not UTF-8 escaped as \n, \t, \x1b, \u2028, and cut with "..." after about 60
/// bytes.
std::string Escape(std::string_view text);

/// The same between single quotes.
std::string Quote(std::string_view text);

}  // namespace leak_exporter::config
