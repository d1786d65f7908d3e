#include "metrics/procfs/mountinfo.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "metrics/base/unique_fd.h"
#include "metrics/procfs/lines.h"
#include "metrics/procfs/text.h"

namespace leak_exporter::procfs {
namespace {

// "36 35 98:0 /root-in-filesystem /mount/point options …"
constexpr size_t kFields = 5;
// One upon the other. A container has one or two.
constexpr size_t kMostRootMounts = 256;

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

using Ids = std::vector<uint64_t>;

// Adds the id of a mount whose mount point is "/".
Result<void> AddRootMount(std::string_view line, size_t number, Ids& ids) {
  std::array<std::string_view, kFields> fields;
  if (!Split(line, fields)) {
    return tl::unexpected<Error>(Malformed(number, "too few fields", line));
  }
  if (fields[4] != "/") return {};
  const auto id = ParseNumber<uint64_t>(fields[0]);
  if (!id) {
    return tl::unexpected<Error>(Malformed(number, "bad mount id", line));
  }
  if (ids.size() == kMostRootMounts) {
    return Failure(EFBIG, std::to_string(number) + ": too many root mounts");
  }
  ids.push_back(*id);
  return {};
}

Result<Ids> ReadRootMounts(PieceReader reader, std::string& buffer) {
  Ids ids;
  return ForEachLine(reader, buffer,
                     [&ids](std::string_view line, size_t number) {
                       return AddRootMount(line, number, ids);
                     })
      .map([&ids](uint64_t) { return std::move(ids); });
}

// Whether both are one directory in one mount. Absent where the kernel does not
// tell mounts apart (before 5.8), or does not let the process be looked at.
std::optional<bool> IsSameRoot(const ProcFs& fs, const ProcessHandle& process) {
  constexpr unsigned kMask = STATX_INO | STATX_MNT_ID;
  const std::string own_path = fs.Path("self/root");
  struct statx own {};
  struct statx other {};
  if (::statx(AT_FDCWD, own_path.c_str(), AT_STATX_DONT_SYNC, kMask, &own) !=
          0 ||
      !process.Stat("root", kMask, other) ||
      (own.stx_mask & other.stx_mask & STATX_MNT_ID) == 0) {
    return std::nullopt;
  }
  return own.stx_mnt_id == other.stx_mnt_id && own.stx_ino == other.stx_ino;
}

}  // namespace

Result<std::vector<uint64_t>> ParseRootMounts(std::string_view text) {
  Ids ids;
  for (size_t number = 1; !text.empty(); ++number) {
    const auto line = TakeLine(text, number);
    if (!line) return tl::unexpected<Error>(line.error());
    auto added = AddRootMount(*line, number, ids);
    if (!added) return tl::unexpected<Error>(std::move(added).error());
  }
  return ids;
}

bool SharesRoot(const ProcFs& fs, const ProcessHandle& process,
                const Deadline& deadline) {
  if (const auto same = IsSameRoot(fs, process)) return *same;
  std::string buffer;
  const std::string path = fs.Path("self/mountinfo");
  UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return false;
  const auto own =
      ReadRootMounts(PieceReader(std::move(file), path, deadline), buffer);
  if (!own || own->empty()) return false;
  auto reader = PieceReader::Open(process, "mountinfo", deadline);
  if (!reader) return false;
  const auto other = ReadRootMounts(*std::move(reader), buffer);
  return other && *other == *own;
}

}  // namespace leak_exporter::procfs
