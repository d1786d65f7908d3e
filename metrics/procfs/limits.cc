#include "metrics/procfs/limits.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cstddef>
#include <utility>

#include "metrics/base/read_file.h"
#include "metrics/procfs/text.h"

namespace leak_exporter::procfs {
namespace {

constexpr std::string_view kOpenFiles = "Max open files ";

// The first word of "              1024                 524288   files".
std::string_view FirstWord(std::string_view text) {
  const size_t begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  text.remove_prefix(begin);
  return text.substr(0, text.find(' '));
}

}  // namespace

Result<Limit> ParseOpenFilesLimit(std::string_view text) {
  for (size_t line = 1; !text.empty(); ++line) {
    const auto content = TakeLine(text, line);
    if (!content) return tl::unexpected(content.error());
    if (!content->starts_with(kOpenFiles)) continue;
    const auto soft = FirstWord(content->substr(kOpenFiles.size()));
    if (soft == "unlimited") return Limit();
    if (const auto number = ParseNumber<uint64_t>(soft)) return number;
    return tl::unexpected(Malformed(line, "bad Max open files", soft));
  }
  return Failure(0, " no Max open files");
}

Result<Limit> ReadOpenFilesLimit(const ProcessHandle& process,
                                 std::string& buffer) {
  const auto text = process.Read("limits", buffer);
  if (!text) return tl::unexpected(text.error());
  return ParseOpenFilesLimit(*text).map_error([&](Error error) {
    return AtPath(process.Path("limits"), std::move(error));
  });
}

std::optional<Limit> AskOpenFilesLimit(const ProcessHandle& process) {
  rlimit limit{};
  if (::prlimit(process.pid(), RLIMIT_NOFILE, nullptr, &limit) != 0) {
    return std::nullopt;
  }
  if (limit.rlim_cur == RLIM_INFINITY) return Limit();
  return Limit(limit.rlim_cur);
}

bool OwnsPids(const ProcFs& fs) {
  const auto self = ReadLinkAt(-1, fs.Path("self").c_str());
  return self && *self == std::to_string(::getpid());
}

Result<uint64_t> ReadMaxMapCount(const ProcFs& fs, std::string& buffer) {
  const std::string path = fs.Path("sys/vm/max_map_count");
  const auto text = ReadFile(path, buffer);
  if (!text) return tl::unexpected(text.error());
  const std::string_view line = text->substr(0, text->find('\n'));
  const auto number = ParseNumber<uint64_t>(line);
  if (!number) {
    return tl::unexpected(AtPath(path, Malformed(1, "bad number", line)));
  }
  return *number;
}

}  // namespace leak_exporter::procfs
