#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// The program's only UTF-8 decoder and encoder.
namespace leak_exporter {

/// What stands at the start of some bytes: a well-formed UTF-8 sequence, or the
/// maximal subpart of an ill-formed one (Unicode, table 3-7 and section 3.9),
/// which is what one replacement character stands for.
struct Utf8Sequence {
  size_t length = 0;
  bool well_formed = false;
  /// Of a well-formed sequence.
  char32_t code_point = 0;
};

/// Decodes the start of `bytes`, which must not be empty (RFC 3629: no
/// surrogates, nothing overlong, nothing over U+10FFFF).
Utf8Sequence DecodeUtf8(std::string_view bytes);

/// The bytes with each maximal ill-formed subpart replaced by U+FFFD, as
/// Python's bytes.decode(errors="replace") does it. Names of processes, files
/// and types are bytes of the outside world, and a single ill-formed one makes
/// Prometheus refuse the whole scrape.
std::string RepairUtf8(std::string_view bytes);

/// Appends a code point as UTF-8. A lone surrogate gets its three bytes too, as
/// Python's "surrogatepass" has it. A number over U+10FFFF becomes U+FFFD.
void AppendUtf8(std::string& out, uint32_t code_point);

/// Whether a terminal or a log reader may take it for more than a character:
/// C0 and C1 controls, DEL, and the line and paragraph separators.
bool IsControl(char32_t code_point);

}  // namespace leak_exporter
