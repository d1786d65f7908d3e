#pragma once

#include <cstddef>
#include <string>

#include "metrics/cpython/layout/layout.h"
#include "metrics/remote/remote_memory.h"

namespace leak_exporter::cpython {

/// Reads the text of a str (3.x; in 2.7 of a str, as bytes) as UTF-8. The
/// caller has made sure that the object is one. At most `limit` characters;
/// a longer one, or one whose header makes no sense, is an error.
Result<std::string> ReadText(const RemoteMemory& memory, const Layout& layout,
                             RemoteAddr address, size_t limit);

}  // namespace leak_exporter::cpython
