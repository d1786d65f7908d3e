#include <algorithm>

#include "metrics/cpython/objects/long.h"
#include "metrics/cpython/objects/unicode.h"
#include "metrics/cpython/sizes/object_measure.h"

namespace leak_exporter::cpython {
namespace {

/// sizeof(digit)
constexpr uint64_t kDigitBytes = 4;
/// The header of a bytes object and its NUL.
constexpr uint64_t kBytesOverhead = 33;

/// int.__sizeof__: since 3.12 it takes the basic size of the subclass.
uint64_t LongBytes(const MeasureContext& context, const TypeShape& shape,
                   const ObjectView& object) {
  const Layout& layout = context.layout;
  const uint64_t digits = std::max(CountDigits(layout, object),
                                   context.layout.internal.least_digits);
  return kDigitBytes * digits + (layout.long_object.lv_tag == kAbsent
                                     ? layout.long_object.ob_digit
                                     : static_cast<uint64_t>(shape.basicsize));
}

/// str.__sizeof__: the characters and their NUL, one of three headers before
/// them, and the UTF-8 form if somebody asked for it.
uint64_t TextBytes(const MeasureContext& context, const ObjectView& object) {
  const auto& layout = context.layout.unicode;
  const TextForm form = FindTextForm(context.layout, object);
  if (form.compact && form.ascii) return layout.ascii_size + form.length + 1;
  uint64_t bytes = (form.length + 1) * form.kind;
  bytes += form.compact ? layout.compact_size : layout.data + sizeof(uint64_t);
  const RemoteAddr utf8 = object.Pointer(layout.utf8);
  if (utf8 != RemoteAddr{} && utf8 != form.data)
    bytes += object.Word(layout.utf8_length) + 1;
  return bytes;
}

/// 2.7: str has items, which are bytes; unicode has its characters elsewhere.
uint64_t TextBytes2(const MeasureContext& context, const TypeShape& shape,
                    const ObjectView& object) {
  const Layout& layout = context.layout;
  if (shape.item_bytes != 0)
    return layout.bytes.ob_sval + 1 + object.Word(layout.object.ob_size);
  const uint64_t length = object.Word(layout.unicode.length);
  // PyUnicodeObject ends with the characters' address, a hash and a str.
  constexpr uint64_t kBehindData = 24;
  return layout.unicode.data + kBehindData +
         (length + 1) * GuessCharacterBytes(context.memory,
                                            object.Pointer(layout.unicode.data),
                                            length);
}

}  // namespace

void MeasureScalar(const MeasureContext& context, const TypeShape& shape,
                   const ObjectView& object, ObjectMeasure& measure) {
  const uint64_t before =
      shape.fixed_bytes - static_cast<uint64_t>(shape.basicsize);
  switch (shape.kind) {
    case ObjectKind::kLong:
      measure.bytes = before + LongBytes(context, shape, object);
      return;
    case ObjectKind::kText:
      measure.bytes = before + (context.layout.unicode.state == kAbsent
                                    ? TextBytes2(context, shape, object)
                                    : TextBytes(context, object));
      return;
    case ObjectKind::kByteArray:
      measure.bytes =
          shape.fixed_bytes + object.Word(context.layout.bytearray.ob_alloc);
      // A bytes object holds the content; all empty ones share one.
      if (context.layout.internal.bytearray_object != kAbsent &&
          object.Word(context.layout.bytearray.ob_alloc) != 0)
        measure.bytes += kBytesOverhead;
      return;
    default:
      return;
  }
}

}  // namespace leak_exporter::cpython
