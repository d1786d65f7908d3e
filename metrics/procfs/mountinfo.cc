#include "metrics/procfs/mountinfo.h"

#include <array>
#include <cstddef>
#include <string>

#include "metrics/base/read_file.h"
#include "metrics/procfs/text.h"

namespace leak_exporter::procfs {
namespace {

// "36 35 98:0 /root-in-filesystem /mount/point options …"
constexpr size_t kFields = 5;

bool Split(std::string_view line,
           std::array<std::string_view, kFields>& fields) {
  for (std::string_view& field : fields) {
    const size_t end = line.find(' ');
    if (end == std::string_view::npos) return false;
    field = line.substr(0, end);
    line.remove_prefix(end + 1);
  }
  return true;
}

}  // namespace

Result<std::vector<uint64_t>> ParseRootMounts(std::string_view text) {
  std::vector<uint64_t> ids;
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) {
      return tl::unexpected(Malformed(number, "torn last line", text));
    }
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    std::array<std::string_view, kFields> fields;
    if (!Split(line, fields)) {
      return tl::unexpected(Malformed(number, "too few fields", line));
    }
    if (fields[4] != "/") continue;
    const auto id = ParseNumber<uint64_t>(fields[0]);
    if (!id) return tl::unexpected(Malformed(number, "bad mount id", line));
    ids.push_back(*id);
  }
  return ids;
}

bool SharesRoot(const ProcFs& fs, const ProcessHandle& process) {
  std::string buffer;
  const auto own =
      ReadFile(fs.Path("self/mountinfo"), buffer).and_then(ParseRootMounts);
  if (!own || own->empty()) return false;
  const auto other =
      process.Read("mountinfo", buffer).and_then(ParseRootMounts);
  return other && *other == *own;
}

}  // namespace leak_exporter::procfs
