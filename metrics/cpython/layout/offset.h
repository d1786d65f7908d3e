#pragma once

#include <cstdint>

namespace leak_exporter::cpython {

/// A field's distance from the start of its struct, or a struct's size.
using Offset = uint32_t;
/// The version has no such field. Not 0: that is the first field.
inline constexpr Offset kAbsent = UINT32_MAX;

}  // namespace leak_exporter::cpython
