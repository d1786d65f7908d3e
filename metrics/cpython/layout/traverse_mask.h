#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "metrics/cpython/layout/python_version.h"

namespace leak_exporter::cpython {

/// Which words of an instance the tp_traverse of a C type visits, as a mask:
/// bit n is the word at offset 8 * n, bit 1 (ob_type) the type itself. Each
/// that is not NULL is one of gc.get_referents(). Absent for a type that is not
/// known to that version with that size, and for one whose tp_traverse follows
/// pointers.
std::optional<uint64_t> FindTraverseMask(std::string_view tp_name,
                                         int64_t basicsize,
                                         const PythonVersion& version);

}  // namespace leak_exporter::cpython
