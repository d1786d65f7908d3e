#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace leak_exporter::cpython {

/// "3.11.2"; micro is absent where only the minor version could be told.
struct PythonVersion {
  uint32_t major = 0;
  uint32_t minor = 0;
  std::optional<uint32_t> micro;

  bool operator==(const PythonVersion&) const = default;
};

/// From PY_VERSION_HEX, as Py_Version and sys.hexversion hold it.
PythonVersion VersionFromHex(uint64_t hex);
/// From a file's name, "libpython3.9.so.1.0" or "python3.9": without micro.
/// Absent where the name has none.
std::optional<PythonVersion> VersionFromName(std::string_view path);
/// Whether two versions differ in micro at most, and so have one layout.
bool IsSameMinor(const PythonVersion& a, const PythonVersion& b);
std::string ToString(const PythonVersion& version);

}  // namespace leak_exporter::cpython
