#include <array>

#include "metrics/cpython/dict.h"
#include "metrics/cpython/object_measure.h"

namespace leak_exporter::cpython {

void MeasureType(const MeasureContext& context, const ObjectView& object,
                 ObjectMeasure& measure) {
  const Offset offset = context.layout.type.ht_cached_keys;
  if (offset == kAbsent) return;
  const RemoteAddr keys = object.Pointer(offset);
  if (keys == RemoteAddr{}) return;
  std::array<std::byte, DictKeys::kHeaderBytes> header{};
  if (!context.memory.ReadExact(keys, header)) return;
  const auto parsed = DictKeys::Parse(context.layout, header);
  if (parsed) measure.bytes += parsed->bytes;
}

}  // namespace leak_exporter::cpython
