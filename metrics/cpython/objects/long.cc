#include "metrics/cpython/objects/long.h"

#include <algorithm>
#include <span>

namespace leak_exporter::cpython {

Offset LongSizeOffset(const Layout& layout) {
  return layout.long_object.lv_tag != kAbsent ? layout.long_object.lv_tag
                                              : layout.object.ob_size;
}

LongSize ParseLongSize(const Layout& layout, uint64_t word) {
  if (layout.long_object.lv_tag == kAbsent) {
    const auto size = static_cast<int64_t>(word);
    return {Magnitude(size), size < 0};
  }
  // Below the number of digits stands the sign: 0 positive, 1 zero, 2 negative.
  constexpr unsigned kTagShift = 3;
  constexpr uint64_t kSignMask = 3;
  constexpr uint64_t kNegative = 2;
  return {word >> kTagShift, (word & kSignMask) == kNegative};
}

uint64_t CountDigits(const Layout& layout, const ObjectView& object) {
  return ParseLongSize(layout, object.Word(LongSizeOffset(layout))).digits;
}

std::optional<PythonLong> ReadLong(ReadCache& memory, const Layout& layout,
                                   RemoteAddr object, size_t max_digits) {
  const auto word = memory.Read<uint64_t>(object + LongSizeOffset(layout));
  if (!word) return std::nullopt;
  const LongSize size = ParseLongSize(layout, *word);
  if (size.digits > max_digits) return std::nullopt;
  PythonLong number;
  number.negative = size.negative;
  number.digits.resize(static_cast<size_t>(size.digits));
  if (!memory.ReadExact(object + layout.long_object.ob_digit,
                        std::as_writable_bytes(std::span(number.digits)))) {
    return std::nullopt;
  }
  return number;
}

std::optional<uint64_t> ReadSmallInt(ReadCache& memory, const Layout& layout,
                                     RemoteAddr object) {
  if (layout.int_object.ob_ival != kAbsent) {
    return memory.Read<uint64_t>(object + layout.int_object.ob_ival);
  }
  constexpr size_t kMaxDigits = 2;
  const auto number = ReadLong(memory, layout, object, kMaxDigits);
  if (!number || number->negative) return std::nullopt;
  uint64_t value = 0;
  for (size_t i = 0; i < std::min(number->digits.size(), kMaxDigits); ++i) {
    value |= uint64_t{number->digits[i]} << PythonLong::kDigitBits * i;
  }
  return value;
}

}  // namespace leak_exporter::cpython
