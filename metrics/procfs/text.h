#pragma once

#include <charconv>
#include <cstddef>
#include <optional>
#include <string_view>
#include <system_error>

#include "metrics/base/result.h"

/// What the parsers of /proc files share. Nothing here touches a file.
namespace leak_exporter::procfs {

/// The whole of `text` as a number in `base`, without sign, spaces or anything
/// after it; absent where it is anything else or does not fit.
template <typename T>
std::optional<T> ParseNumber(std::string_view text, int base = 10) {
  T value{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, base);
  if (error != std::errc() || stop != end || text.front() == '-') {
    return std::nullopt;
  }
  return value;
}

/// "LINE: PROBLEM 'CONTENT'", code 0. The content is cut and its unprintable
/// bytes are replaced, so that a hostile name cannot forge a log line. Readers
/// put the path before it with AtPath.
Error Malformed(size_t line, std::string_view problem,
                std::string_view content);

/// Takes the first line off `text` and returns it without its newline. One that
/// has none is torn: an error that names `line`.
Result<std::string_view> TakeLine(std::string_view& text, size_t line);

/// A parser's error with the path of the file before it:
/// "/proc/7/status:3: bad VmRSS 'x kB'".
Error AtPath(std::string_view path, Error error);

}  // namespace leak_exporter::procfs
