#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "metrics/cpython/layout/python_version.h"

namespace leak_exporter::cpython {

/// Finds which words of an instance the tp_traverse of a C type visits. The
/// answer is a mask: bit n is the word at offset 8 * n, bit 1 (ob_type) the
/// type itself. Each visited word that is not NULL is one of
/// gc.get_referents(). Absent for a type that the table does not have with that
/// version and size, and for a type whose tp_traverse follows pointers.
std::optional<uint64_t> FindTraverseMask(std::string_view tp_name,
                                         int64_t basicsize,
                                         const PythonVersion& version);

}  // namespace leak_exporter::cpython
