#include "metrics/procfs/stat.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "metrics/base/read_file.h"
#include "metrics/procfs/text.h"

namespace leak_exporter::procfs {
namespace {

/// Field numbers of proc(5), counted from 1; the state is the first after comm.
enum Field : size_t {
  kState = 3,
  kParentPid = 4,
  kFlags = 9,
  kNumThreads = 20,
  kStartTime = 22,
  kStartCode = 26,
  kStartStack = 28,
};

/// The fields after the comm, split at single spaces, up to the last one used.
class Fields {
 public:
  explicit Fields(std::string_view text) {
    while (count_ < fields_.size() && !text.empty()) {
      const size_t end = std::min(text.find_first_of(" \n"), text.size());
      // A field at the very end of the text may be torn.
      if (end == text.size()) return;
      fields_[count_++] = text.substr(0, end);
      text.remove_prefix(end + 1);
    }
  }

  bool complete() const { return count_ == fields_.size(); }
  std::string_view operator[](Field field) const {
    return fields_[field - kState];
  }

  template <typename T>
  bool Read(Field field, T& value) const {
    const auto number = ParseNumber<T>((*this)[field]);
    if (number) value = *number;
    return number.has_value();
  }

 private:
  std::array<std::string_view, kStartStack - kState + 1> fields_;
  size_t count_ = 0;
};

tl::unexpected<Error> Bad(std::string_view problem, std::string_view content) {
  return tl::unexpected<Error>(Malformed(1, problem, content));
}

}  // namespace

Result<Stat> ParseStat(std::string_view text) {
  const size_t open = text.find(" (");
  const size_t close = text.rfind(") ");
  if (open == text.npos || close == text.npos || close < open + 2) {
    return Bad("no comm in", text);
  }
  Stat stat;
  const auto pid = ParseNumber<pid_t>(text.substr(0, open));
  if (!pid) return Bad("bad pid", text.substr(0, open));
  stat.pid = *pid;
  stat.comm = text.substr(open + 2, close - open - 2);

  const Fields fields(text.substr(close + 2));
  if (!fields.complete()) return Bad("too few fields in", text);
  if (fields[kState].size() != 1) return Bad("bad state", fields[kState]);
  stat.state = fields[kState].front();
  if (!fields.Read(kParentPid, stat.parent_pid)) {
    return Bad("bad ppid", fields[kParentPid]);
  }
  if (!fields.Read(kFlags, stat.flags)) return Bad("bad flags", fields[kFlags]);
  if (!fields.Read(kNumThreads, stat.num_threads)) {
    return Bad("bad num_threads", fields[kNumThreads]);
  }
  if (!fields.Read(kStartTime, stat.start_time_ticks)) {
    return Bad("bad starttime", fields[kStartTime]);
  }
  if (!fields.Read(kStartCode, stat.start_code)) {
    return Bad("bad startcode", fields[kStartCode]);
  }
  if (!fields.Read(kStartStack, stat.start_stack)) {
    return Bad("bad startstack", fields[kStartStack]);
  }
  return stat;
}

Result<Stat> ReadStatAt(int directory_fd, const char* path,
                        std::string& buffer) {
  const auto text = ReadOnceAt(directory_fd, path, buffer);
  if (!text) return tl::unexpected<Error>(text.error());
  return ParseStat(*text).map_error(
      [&](Error error) { return AtPath(path, std::move(error)); });
}

Result<Stat> ReadStat(const ProcFs& fs, pid_t pid, std::string& buffer) {
  return ReadStatAt(AT_FDCWD, fs.Path(pid, "stat").c_str(), buffer);
}

std::chrono::nanoseconds StartSinceBoot(uint64_t start_time_ticks) {
  const auto ticks_a_second = static_cast<uint64_t>(::sysconf(_SC_CLK_TCK));
  const uint64_t nanoseconds_a_tick = 1'000'000'000 / ticks_a_second;
  const uint64_t most =
      std::numeric_limits<int64_t>::max() / nanoseconds_a_tick;
  return std::chrono::nanoseconds(static_cast<int64_t>(
      std::min(start_time_ticks, most) * nanoseconds_a_tick));
}

}  // namespace leak_exporter::procfs
