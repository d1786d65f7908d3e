#pragma once

#include "metrics/cpython/layout/layout.h"
#include "metrics/remote/remote_memory.h"

namespace leak_exporter::cpython {

/// Looks anew at an object that a walk has found: whether it still is of the
/// type at `type`, the collector tracks it, and the next object in the
/// collector's list points back to it.
bool IsTrackedObject(const RemoteMemory& memory, const Layout& layout,
                     RemoteAddr object, RemoteAddr type);

}  // namespace leak_exporter::cpython
