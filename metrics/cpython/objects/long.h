#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "metrics/cpython/layout/layout.h"
#include "metrics/cpython/objects/object_view.h"
#include "metrics/remote/read_cache.h"
#include "metrics/remote/remote_memory.h"

namespace leak_exporter::cpython {

/// Sign and size of an int (2.7: long), from one word of its header.
struct LongSize {
  /// In base 2^30; 0 for 0.
  uint64_t digits = 0;
  bool negative = false;
};

/// Where that word is: lv_tag from 3.12 on, ob_size before.
Offset LongSizeOffset(const Layout& layout);
LongSize ParseLongSize(const Layout& layout, uint64_t word);

/// The digits in base 2^30 of an int (2.7: long).
uint64_t CountDigits(const Layout& layout, const ObjectView& object);

/// An int (2.7: long).
struct PythonLong {
  bool negative = false;
  /// In base 2^30, the lowest first.
  std::vector<uint32_t> digits;

  static constexpr unsigned kDigitBits = 30;
};

/// Reads an int (2.7: long). Absent where it cannot be read or has more than
/// `max_digits` digits.
std::optional<PythonLong> ReadLong(ReadCache& memory, const Layout& layout,
                                   RemoteAddr object, size_t max_digits);

/// Reads an int that is not negative and below 2^60, or 2.7's int, which is a C
/// long. Absent where it cannot be read or is another one.
std::optional<uint64_t> ReadSmallInt(ReadCache& memory, const Layout& layout,
                                     RemoteAddr object);

}  // namespace leak_exporter::cpython
