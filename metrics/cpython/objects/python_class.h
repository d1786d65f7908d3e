#pragma once

#include <optional>

#include "metrics/cpython/objects/type_table.h"
#include "metrics/remote/read_cache.h"

namespace leak_exporter::cpython {

/// Whether a class was made by a class statement (or a call of type()) rather
/// than by C code. Only then tp_name points into the name object of the class.
bool IsPythonClass(const TypeInfo& type, const Layout& layout,
                   ReadCache& memory);

/// Finds the nearest base that C code made, which may be the type itself. It
/// decides how instances are laid out. Absent where the chain of bases cannot
/// be followed.
std::optional<TypeInfo> FindNativeBase(TypeTable& types, ReadCache& memory,
                                       TypeInfo type);

}  // namespace leak_exporter::cpython
