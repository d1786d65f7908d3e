#pragma once

#include <cstdint>

#include "metrics/cpython/layout/python_version.h"

namespace leak_exporter::cpython {

/// str.isprintable() of one character, as that version of Python's Unicode
/// database has it. Python's repr escapes what is not. 2.7 escapes everything
/// but ASCII, and so is done for a version that the table does not know.
bool IsPrintable(uint32_t code_point, const PythonVersion& version);

}  // namespace leak_exporter::cpython
