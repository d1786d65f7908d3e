#include "metrics/cpython/objects/python_class.h"

namespace leak_exporter::cpython {
namespace {

/// More bases than this between a class and C code are a loop.
constexpr int kMaxBases = 200;

}  // namespace

bool IsPythonClass(const TypeInfo& type, const Layout& layout,
                   ReadCache& memory) {
  if (!type.Has(type_flags::kHeapType)) return false;
  const auto name = memory.Read<RemoteAddr>(type.address + layout.type.ht_name);
  if (!name) return false;
  if (layout.python2) return type.tp_name == *name + layout.bytes.ob_sval;
  if (type.tp_name == *name + layout.unicode.ascii_size) return true;
  const auto utf8 = memory.Read<RemoteAddr>(*name + layout.unicode.utf8);
  return utf8 && type.tp_name == *utf8;
}

std::optional<TypeInfo> FindNativeBase(TypeTable& types, ReadCache& memory,
                                       TypeInfo type) {
  for (int i = 0; i < kMaxBases; ++i) {
    if (!IsPythonClass(type, types.layout(), memory)) return type;
    const TypeIndex base = types.Find(type.base);
    if (base == kNoType) return std::nullopt;
    type = types[base];
  }
  return std::nullopt;
}

}  // namespace leak_exporter::cpython
