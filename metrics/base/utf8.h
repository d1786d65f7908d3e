#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// The program's only UTF-8 decoder and encoder.
namespace leak_exporter {

/// What some bytes begin with: a well-formed UTF-8 sequence, or the maximal
/// subpart of an ill-formed one (Unicode, table 3-7 and section 3.9). One
/// replacement character stands for one such subpart.
struct Utf8Sequence {
  size_t length = 0;
  bool well_formed = false;
  /// The code point of a well-formed sequence, else 0.
  char32_t code_point = 0;
};

/// Decodes the start of `bytes`, which must not be empty (RFC 3629: no
/// surrogates, nothing overlong, nothing over U+10FFFF).
Utf8Sequence DecodeUtf8(std::string_view bytes);

/// Replaces each maximal ill-formed subpart by U+FFFD, as Python's
/// bytes.decode(errors="replace") does. Names of processes, files and types are
/// bytes of the outside world, and a single ill-formed name makes Prometheus
/// refuse the whole scrape.
std::string RepairUtf8(std::string_view bytes);

/// Appends a code point as UTF-8. A lone surrogate gets its three bytes too, as
/// Python's "surrogatepass" has it. A number over U+10FFFF becomes U+FFFD.
void AppendUtf8(std::string& out, uint32_t code_point);

/// Whether a terminal or a log reader may obey the character in place of
/// showing it: C0 and C1 controls, DEL, and the line and paragraph separators.
bool IsControl(char32_t code_point);

}  // namespace leak_exporter
