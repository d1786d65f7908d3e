#pragma once

#include <optional>

#include "metrics/cpython/layout/layout.h"
#include "metrics/remote/remote_memory.h"

namespace leak_exporter::cpython {

/// What CPython 3.13 and later say of themselves at the start of _PyRuntime
/// (_Py_DebugOffsets, Include/internal/pycore_debug_offsets.h).
struct DebugVersion {
  PythonVersion version;
  bool free_threaded = false;
};

/// Reads what a _PyRuntime says of itself. Absent before 3.13, which says
/// nothing.
Result<std::optional<DebugVersion>> ReadDebugVersion(const RemoteMemory& memory,
                                                     RemoteAddr runtime);

/// Takes the offsets that the description gives into `layout`, so that a
/// patched build is read rightly. An error where the description of the
/// layout's version is not known, or where it makes no sense; then `layout` is
/// as it was.
Result<void> ApplyDebugOffsets(const RemoteMemory& memory, RemoteAddr runtime,
                               Layout& layout);

}  // namespace leak_exporter::cpython
