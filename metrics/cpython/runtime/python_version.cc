#include "metrics/cpython/runtime/python_version.h"

#include <array>
#include <charconv>
#include <string>

#include "metrics/cpython/objects/dict.h"
#include "metrics/cpython/objects/unicode.h"

namespace leak_exporter::cpython {
namespace {

constexpr size_t kMaxSysEntries = 100'000;

// Reads a small int: sys.hexversion.
Result<uint64_t> ReadInt(const RemoteMemory& memory, const Layout& layout,
                         RemoteAddr object) {
  if (layout.int_object.ob_ival != kAbsent) {
    return memory.Read<uint64_t>(object + layout.int_object.ob_ival);
  }
  constexpr unsigned kDigitBits = 30;
  constexpr unsigned kTagShift = 3;
  auto digits = memory.Read<uint64_t>(
      object + (layout.long_object.lv_tag != kAbsent ? layout.long_object.lv_tag
                                                     : layout.object.ob_size));
  if (!digits) return digits;
  if (layout.long_object.lv_tag != kAbsent) *digits >>= kTagShift;
  const auto words = memory.Read<std::array<uint32_t, 2>>(
      object + layout.long_object.ob_digit);
  if (!words) return tl::unexpected<Error>(words.error());
  return (*words)[0] +
         (*digits > 1 ? uint64_t{(*words)[1]} << kDigitBits : uint64_t{0});
}

}  // namespace

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

Result<uint64_t> ReadHexVersion(const RemoteMemory& memory,
                                const Layout& layout, RemoteAddr interpreter) {
  constexpr std::string_view kKey = "hexversion";
  const auto sysdict =
      memory.ReadPointer(interpreter + layout.interpreter.sysdict);
  if (!sysdict) return tl::unexpected<Error>(sysdict.error());
  const auto items = ReadDictItems(memory, layout, *sysdict, kMaxSysEntries);
  if (!items) return tl::unexpected<Error>(items.error());
  for (const DictItem& item : *items) {
    const auto key = ReadText(memory, layout, item.key, kKey.size());
    if (key && *key == kKey) return ReadInt(memory, layout, item.value);
  }
  return Failure(0, "sys.hexversion is not there");
}

}  // namespace leak_exporter::cpython
