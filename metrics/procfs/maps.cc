#include "metrics/procfs/maps.h"

#include <fcntl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <utility>

#include "metrics/base/uninterrupted.h"
#include "metrics/base/unique_fd.h"
#include "metrics/procfs/text.h"

namespace leak_exporter::procfs {
namespace {

// The longest line is 73 bytes and a path, which is PATH_MAX (4096) long unless
// a directory was made deeper than any path can name it.
constexpr size_t kBufferSize = size_t{64} << 10;

bool TakeNumber(std::string_view& rest, int base, uint64_t& number) {
  const auto [end, error] =
      std::from_chars(rest.data(), rest.data() + rest.size(), number, base);
  if (error != std::errc()) return false;
  rest.remove_prefix(static_cast<size_t>(end - rest.data()));
  return true;
}

bool Take(std::string_view& rest, char expected) {
  if (rest.empty() || rest.front() != expected) return false;
  rest.remove_prefix(1);
  return true;
}

bool TakePermissions(std::string_view& rest, Mapping& mapping) {
  constexpr size_t kLength = 4;
  const std::string_view permissions = rest.substr(0, kLength);
  if (permissions.size() < kLength ||
      permissions.find(' ') != std::string_view::npos) {
    return false;
  }
  mapping.readable = permissions[0] == 'r';
  mapping.writable = permissions[1] == 'w';
  mapping.shared = permissions[3] == 's';
  rest.remove_prefix(kLength);
  return true;
}

bool TakeOffsetDeviceInode(std::string_view& rest, Mapping& mapping) {
  uint64_t major_number = 0;
  uint64_t minor_number = 0;
  if (!TakeNumber(rest, 16, mapping.offset) || !Take(rest, ' ') ||
      !TakeNumber(rest, 16, major_number) || !Take(rest, ':') ||
      !TakeNumber(rest, 16, minor_number) || !Take(rest, ' ') ||
      !TakeNumber(rest, 10, mapping.inode)) {
    return false;
  }
  mapping.device = makedev(static_cast<unsigned>(major_number),
                           static_cast<unsigned>(minor_number));
  return rest.empty() || rest.front() == ' ';
}

// Hands out the bytes of /proc/PID/maps in chunks. The kernel writes whole
// lines into each, but a chunk may end anywhere for all that is promised.
class ChunkReader {
 public:
  ChunkReader(const ProcessHandle& process, const Deadline& deadline)
      : process_(process), deadline_(deadline) {}

  Result<void> Open() {
    auto fd = process_.OpenAt("maps", O_RDONLY);
    if (!fd) return tl::unexpected(std::move(fd).error());
    fd_ = std::move(*fd);
    return {};
  }

  // Returns how many bytes were read, 0 at the end.
  Result<size_t> Read(char* to, size_t size) {
    if (deadline_.Expired()) {
      return Failure(ETIMEDOUT,
                     process_.Path("maps") + ": not read to its end in time");
    }
    const ssize_t count =
        Uninterrupted([&] { return ::read(fd_.get(), to, size); });
    if (count >= 0) return static_cast<size_t>(count);
    const int code = errno;
    return Failure(code, process_.Path("maps") + ": " + std::strerror(code));
  }

  tl::unexpected<Error> Located(Error error) {
    return tl::unexpected(AtPath(process_.Path("maps"), std::move(error)));
  }

 private:
  const ProcessHandle& process_;
  const Deadline& deadline_;
  UniqueFd fd_;
};

}  // namespace

Result<Mapping> ParseMapping(std::string_view line, size_t line_number) {
  const auto bad = [&](std::string_view what) {
    return tl::unexpected(Malformed(line_number, what, line));
  };
  Mapping mapping;
  std::string_view rest = line;
  if (!TakeNumber(rest, 16, mapping.start) || !Take(rest, '-') ||
      !TakeNumber(rest, 16, mapping.end) || !Take(rest, ' ') ||
      mapping.end <= mapping.start) {
    return bad("bad address range");
  }
  if (!TakePermissions(rest, mapping) || !Take(rest, ' '))
    return bad("bad permissions");
  if (!TakeOffsetDeviceInode(rest, mapping))
    return bad("bad offset, device or inode");
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  mapping.name = rest;
  return mapping;
}

std::string_view MappingLabel(const Mapping& mapping) {
  const std::string_view name = mapping.name;
  if (name.starts_with('/') || name == "[heap]" || name == "[stack]") {
    return name;
  }
  return kAnonymousLabel;
}

Result<uint64_t> ForEachMapping(
    const ProcessHandle& process, std::string& buffer, const Deadline& deadline,
    const std::function<void(const Mapping&)>& visit) {
  ChunkReader reader(process, deadline);
  if (auto opened = reader.Open(); !opened) {
    return tl::unexpected(std::move(opened).error());
  }
  if (buffer.size() < kBufferSize) buffer.resize(kBufferSize);
  uint64_t lines = 0;
  size_t held = 0;
  for (;;) {
    if (held == buffer.size()) {
      return reader.Located(Malformed(lines + 1, "line too long", buffer));
    }
    const auto count = reader.Read(buffer.data() + held, buffer.size() - held);
    if (!count) return tl::unexpected(count.error());
    std::string_view text(buffer.data(), held + *count);
    if (*count == 0) {
      if (held == 0) return lines;
      return reader.Located(Malformed(lines + 1, "torn last line", text));
    }
    for (size_t end; (end = text.find('\n')) != std::string_view::npos;) {
      ++lines;
      auto mapping = ParseMapping(text.substr(0, end), lines);
      if (!mapping) return reader.Located(std::move(mapping).error());
      visit(*mapping);
      text.remove_prefix(end + 1);
    }
    held = text.size();
    std::memmove(buffer.data(), text.data(), held);
  }
}

Result<uint64_t> CountMappings(const ProcessHandle& process,
                               std::string& buffer, const Deadline& deadline) {
  ChunkReader reader(process, deadline);
  if (auto opened = reader.Open(); !opened) {
    return tl::unexpected(std::move(opened).error());
  }
  if (buffer.size() < kBufferSize) buffer.resize(kBufferSize);
  uint64_t lines = 0;
  bool whole = true;
  for (;;) {
    const auto count = reader.Read(buffer.data(), buffer.size());
    if (!count) return tl::unexpected(count.error());
    if (*count == 0) break;
    const std::string_view text(buffer.data(), *count);
    lines += static_cast<uint64_t>(std::ranges::count(text, '\n'));
    whole = text.back() == '\n';
  }
  if (!whole) return reader.Located(Malformed(lines + 1, "torn last line", ""));
  return lines;
}

}  // namespace leak_exporter::procfs
