#include "metrics/cpython/layout/python_version.h"

#include <charconv>

namespace leak_exporter::cpython {

PythonVersion VersionFromHex(uint64_t hex) {
  return {static_cast<uint32_t>(hex >> 24 & 0xff),
          static_cast<uint32_t>(hex >> 16 & 0xff),
          static_cast<uint32_t>(hex >> 8 & 0xff)};
}

std::optional<PythonVersion> VersionFromName(std::string_view path) {
  constexpr std::string_view kPython = "python";
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const size_t at = name.find(kPython);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = name.substr(at + kPython.size());
  PythonVersion version;
  const char* end = rest.data() + rest.size();
  const auto major = std::from_chars(rest.data(), end, version.major);
  if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') {
    return std::nullopt;
  }
  const auto minor = std::from_chars(major.ptr + 1, end, version.minor);
  if (minor.ec != std::errc()) return std::nullopt;
  return version;
}

bool IsSameMinor(const PythonVersion& a, const PythonVersion& b) {
  return a.major == b.major && a.minor == b.minor;
}

std::string ToString(const PythonVersion& version) {
  std::string text =
      std::to_string(version.major) + "." + std::to_string(version.minor);
  if (version.micro) text += "." + std::to_string(*version.micro);
  return text;
}

}  // namespace leak_exporter::cpython
