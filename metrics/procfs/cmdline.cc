#include "metrics/procfs/cmdline.h"

#include <algorithm>
#include <cstddef>

namespace leak_exporter::procfs {
namespace {

constexpr size_t kMostBytes = size_t{64} * 1024;

}  // namespace

std::string JoinArguments(std::string_view cmdline) {
  while (cmdline.ends_with('\0')) cmdline.remove_suffix(1);
  std::string joined(cmdline);
  std::replace(joined.begin(), joined.end(), '\0', ' ');
  return joined;
}

Result<std::string> ReadArguments(const ProcessHandle& process,
                                  std::string& buffer) {
  return process.ReadPrefix("cmdline", kMostBytes, buffer).map(JoinArguments);
}

}  // namespace leak_exporter::procfs
