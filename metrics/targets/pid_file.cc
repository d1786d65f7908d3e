#include "metrics/targets/pid_file.h"

#include <fcntl.h>

#include <algorithm>
#include <cstddef>

#include "metrics/base/read_file.h"
#include "metrics/procfs/text.h"

namespace leak_exporter {
namespace {

constexpr size_t kMostBytes = 128;
constexpr std::string_view kBlanks = " \t\r\n";

}  // namespace

Result<pid_t> ParsePidFile(std::string_view text) {
  const size_t begin = std::min(text.find_first_not_of(kBlanks), text.size());
  const std::string_view number =
      text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
  const auto pid = procfs::ParseNumber<pid_t>(number);
  if (!pid || *pid == 0) {
    return tl::unexpected<Error>(procfs::Malformed(1, "no pid in", text));
  }
  return *pid;
}

Result<pid_t> ReadPidFile(const std::string& path) {
  std::string buffer;
  const auto text = ReadPrefixAt(AT_FDCWD, path.c_str(), kMostBytes, buffer);
  if (!text) return tl::unexpected<Error>(text.error());
  return ParsePidFile(*text).map_error(
      [&](Error error) { return procfs::AtPath(path, std::move(error)); });
}

}  // namespace leak_exporter
