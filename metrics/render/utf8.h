#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace leak_exporter::render {

/// What stands at the start of some bytes: a well-formed UTF-8 sequence, or the
/// maximal subpart of an ill-formed one (Unicode, table 3-7 and section 3.9),
/// which is what one replacement character stands for.
struct Utf8Sequence {
  size_t length = 0;
  bool well_formed = false;
  /// Of a well-formed sequence.
  char32_t code_point = 0;
};

/// Decodes the start of `bytes`, which must not be empty.
Utf8Sequence DecodeUtf8(std::string_view bytes);

/// The bytes with each maximal ill-formed subpart replaced by U+FFFD, as
/// Python's bytes.decode(errors="replace") does it. Names of processes, files
/// and types are bytes of the outside world, and a single ill-formed one makes
/// Prometheus refuse the whole scrape.
std::string RepairUtf8(std::string_view bytes);

}  // namespace leak_exporter::render
