#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "metrics/base/result.h"
#include "metrics/cpython/layout/layout.h"
#include "metrics/remote/remote_memory.h"

namespace leak_exporter::cpython {

/// The version in a file's name, "libpython3.9.so.1.0" or "python3.9": without
/// micro. Absent where the name has none.
std::optional<PythonVersion> VersionFromName(std::string_view path);

/// sys.hexversion of an interpreter, by the layout that it may have. An error
/// where it has another one.
Result<uint64_t> ReadHexVersion(const RemoteMemory& memory,
                                const Layout& layout, RemoteAddr interpreter);

}  // namespace leak_exporter::cpython
