#pragma once

#include <optional>

#include "metrics/cpython/objects/type_table.h"
#include "metrics/remote/read_cache.h"

namespace leak_exporter::cpython {

/// The class was made by a class statement (or a call of type()), not by C
/// code: only then tp_name points into the class's own name object.
bool IsPythonClass(const TypeInfo& type, const Layout& layout,
                   ReadCache& memory);

/// The nearest base that C code made: itself, or what decides how instances are
/// laid out. Absent where the chain cannot be followed.
std::optional<TypeInfo> FindNativeBase(TypeTable& types, ReadCache& memory,
                                       TypeInfo type);

}  // namespace leak_exporter::cpython
