#include "metrics/procfs/status.h"

#include <cstddef>
#include <limits>
#include <utility>

#include "metrics/procfs/text.h"

namespace leak_exporter::procfs {
namespace {

constexpr uint64_t kBytesInKilobyte = 1024;
constexpr std::string_view kKilobyteSuffix = " kB";

/// The kernel writes comm's newlines and backslashes as escapes
/// (proc_task_name in fs/proc/array.c), so that Name is one line.
std::string Unescape(std::string_view escaped) {
  std::string name;
  name.reserve(escaped.size());
  for (size_t i = 0; i < escaped.size(); ++i) {
    const bool pair = escaped[i] == '\\' && i + 1 < escaped.size();
    if (pair && escaped[i + 1] == 'n') {
      name += '\n';
      ++i;
    } else if (pair && escaped[i + 1] == '\\') {
      name += '\\';
      ++i;
    } else {
      name += escaped[i];
    }
  }
  return name;
}

std::string_view WithoutLeadingBlanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
    text.remove_prefix(1);
  }
  return text;
}

/// One pass over the lines. A line's key decides on its length and bytes which
/// member takes the value; everything else is skipped unread.
class StatusParser {
 public:
  explicit StatusParser(std::string_view text) : rest_(text) {}

  Result<Status> Parse() {
    while (!rest_.empty()) {
      ++line_;
      const size_t end = rest_.find('\n');
      if (end == rest_.npos) {
        return tl::unexpected<Error>(Malformed(line_, "torn line", rest_));
      }
      const std::string_view line = rest_.substr(0, end);
      rest_.remove_prefix(end + 1);
      if (!TakeLine(line)) return Bad(line);
    }
    if (!has_state_) return Lacks("State");
    if (!has_parent_) return Lacks("PPid");
    if (status_.namespace_pid == 0) status_.namespace_pid = pid_;
    return std::move(status_);
  }

 private:
  tl::unexpected<Error> Bad(std::string_view line) const {
    const size_t colon = line.find(':');
    return tl::unexpected<Error>(
        Malformed(line_, "bad " + std::string(line.substr(0, colon)),
                  WithoutLeadingBlanks(line.substr(colon + 1))));
  }

  tl::unexpected<Error> Lacks(std::string_view key) const {
    return Failure(
        0, std::to_string(line_) + ": ends without " + std::string(key));
  }

  /// False where the line is known and its value cannot be read.
  bool TakeLine(std::string_view line) {
    switch (line.empty() ? '\0' : line.front()) {
      case 'N':
        return TakeName(line);
      case 'S':
        return TakeState(line);
      case 'P':
        return TakePids(line);
      case 'U':
        return TakeUid(line);
      case 'T':
        return TakeThreads(line);
      case 'V':
        return TakeVm(line);
      case 'R':
        return TakeRss(line);
      case 'v':
      case 'n':
        return TakeContextSwitches(line);
      default:
        return true;
    }
  }

  bool TakeName(std::string_view line) {
    if (const auto name = Value(line, "Name:")) {
      status_.name =
          name->find('\\') == name->npos ? std::string(*name) : Unescape(*name);
      return true;
    }
    const auto pids = Value(line, "NSpid:");
    if (!pids) return true;
    const size_t last = pids->rfind('\t');
    return Number(last == pids->npos ? *pids : pids->substr(last + 1),
                  status_.namespace_pid);
  }

  bool TakeState(std::string_view line) {
    const auto state = Value(line, "State:");
    if (!state) return true;
    if (state->empty()) return false;
    status_.state = state->front();
    has_state_ = true;
    return true;
  }

  bool TakePids(std::string_view line) {
    if (const auto parent = Value(line, "PPid:")) {
      has_parent_ = true;
      return Number(*parent, status_.parent_pid);
    }
    const auto pid = Value(line, "Pid:");
    return !pid || Number(*pid, pid_);
  }

  bool TakeUid(std::string_view line) {
    // Real, effective, saved and filesystem uid.
    auto uids = Value(line, "Uid:");
    if (!uids) return true;
    const size_t first = uids->find('\t');
    if (first == uids->npos) return false;
    const std::string_view real = uids->substr(0, first);
    uids->remove_prefix(first + 1);
    const std::string_view effective = uids->substr(0, uids->find('\t'));
    if (!Number(effective, status_.effective_uid)) return false;
    const std::string same =
        std::string(real) + '\t' + std::string(real) + '\t' + std::string(real);
    if (*uids == same) status_.only_uid = status_.effective_uid;
    return true;
  }

  bool TakeThreads(std::string_view line) {
    const auto threads = Value(line, "Threads:");
    return !threads || Number(*threads, status_.threads);
  }

  bool TakeVm(std::string_view line) {
    return Kilobytes(line, "VmHWM:", status_.peak_resident_bytes) &&
           Kilobytes(line, "VmRSS:", status_.resident_bytes) &&
           Kilobytes(line, "VmSwap:", status_.swap_bytes);
  }

  bool TakeRss(std::string_view line) {
    return Kilobytes(line, "RssAnon:", status_.anonymous_bytes) &&
           Kilobytes(line, "RssFile:", status_.file_bytes) &&
           Kilobytes(line, "RssShmem:", status_.shared_bytes);
  }

  bool TakeContextSwitches(std::string_view line) {
    auto count = Value(line, "voluntary_ctxt_switches:");
    if (!count) count = Value(line, "nonvoluntary_ctxt_switches:");
    if (!count) return true;
    uint64_t switches = 0;
    if (!Number(*count, switches)) return false;
    status_.context_switches = status_.context_switches.value_or(0) + switches;
    return true;
  }

  static std::optional<std::string_view> Value(std::string_view line,
                                               std::string_view key) {
    // The kernel's separator is one tab; comm may itself begin with blanks.
    if (!line.starts_with(key)) return std::nullopt;
    line.remove_prefix(key.size());
    if (line.starts_with('\t')) line.remove_prefix(1);
    return line;
  }

  template <typename T>
  static bool Number(std::string_view text, T& value) {
    const auto number = ParseNumber<T>(text);
    if (number) value = *number;
    return number.has_value();
  }

  /// False where `line` has this key and no sound value.
  static bool Kilobytes(std::string_view line, std::string_view key,
                        std::optional<uint64_t>& bytes) {
    auto text = Value(line, key);
    if (!text) return true;
    if (!text->ends_with(kKilobyteSuffix)) return false;
    text->remove_suffix(kKilobyteSuffix.size());
    const auto kilobytes = ParseNumber<uint64_t>(WithoutLeadingBlanks(*text));
    constexpr uint64_t kMost =
        std::numeric_limits<uint64_t>::max() / kBytesInKilobyte;
    if (!kilobytes || *kilobytes > kMost) return false;
    bytes = *kilobytes * kBytesInKilobyte;
    return true;
  }

  std::string_view rest_;
  size_t line_ = 0;
  Status status_;
  pid_t pid_ = 0;
  bool has_state_ = false;
  bool has_parent_ = false;
};

}  // namespace

Result<Status> ParseStatus(std::string_view text) {
  return StatusParser(text).Parse();
}

Result<Status> ReadStatus(const ProcessHandle& process, std::string& buffer) {
  const auto text = process.ReadOnce("status", buffer);
  if (!text) return tl::unexpected<Error>(text.error());
  return ParseStatus(*text).map_error([&](Error error) {
    return AtPath(process.Path("status"), std::move(error));
  });
}

}  // namespace leak_exporter::procfs
