#include "metrics/procfs/maps.h"

#include <sys/sysmacros.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <utility>

#include "metrics/procfs/lines.h"
#include "metrics/procfs/text.h"

namespace leak_exporter::procfs {
namespace {

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
  auto reader = PieceReader::Open(process, "maps", deadline);
  if (!reader) return tl::unexpected<Error>(std::move(reader).error());
  return ForEachLine(
      *reader, buffer,
      [&visit](std::string_view line, size_t number) -> Result<void> {
        const auto mapping = ParseMapping(line, number);
        if (!mapping) return tl::unexpected<Error>(mapping.error());
        visit(*mapping);
        return {};
      });
}

Result<uint64_t> CountMappings(const ProcessHandle& process,
                               std::string& buffer, const Deadline& deadline) {
  auto reader = PieceReader::Open(process, "maps", deadline);
  if (!reader) return tl::unexpected<Error>(std::move(reader).error());
  if (buffer.size() < kLineBufferBytes) buffer.resize(kLineBufferBytes);
  uint64_t lines = 0;
  bool whole = true;
  for (;;) {
    const auto count = reader->Read(buffer.data(), buffer.size());
    if (!count) return tl::unexpected<Error>(count.error());
    if (*count == 0) break;
    const std::string_view text(buffer.data(), *count);
    lines += static_cast<uint64_t>(std::ranges::count(text, '\n'));
    whole = text.back() == '\n';
  }
  if (!whole) {
    return reader->Located(Malformed(lines + 1, "torn last line", ""));
  }
  return lines;
}

}  // namespace leak_exporter::procfs
