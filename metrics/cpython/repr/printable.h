#pragma once

#include <cstdint>

#include "metrics/cpython/layout/layout.h"

namespace leak_exporter::cpython {

/// str.isprintable() of one character, as that version of Python's Unicode
/// database has it. Python's repr escapes what is not. 2.7 escapes everything
/// but ASCII.
bool IsPrintable(uint32_t code_point, const PythonVersion& version);

}  // namespace leak_exporter::cpython
