#pragma once

#include <charconv>
#include <cstddef>
#include <optional>
#include <string_view>
#include <system_error>

#include "metrics/base/result.h"

/// What the parsers of /proc files share. Nothing here touches a file.
namespace leak_exporter::procfs {

/// Reads the whole of `text` as a number in `base`. Absent where the text has a
/// sign, a space or anything else in it, or where the number does not fit.
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

/// A parser's error: code 0 and the message "LINE: PROBLEM 'CONTENT'". The
/// content is cut and its unprintable bytes are replaced, so that a hostile
/// name cannot forge a log line. Readers put the path before it with AtPath.
Error Malformed(size_t line, std::string_view problem,
                std::string_view content);

/// Takes the first line off `text` and returns it without its newline. A line
/// that has no newline is torn, which is an error that names `line`.
Result<std::string_view> TakeLine(std::string_view& text, size_t line);

/// Puts the path of the file before a parser's error:
/// "/proc/7/status:3: bad VmRSS 'x kB'".
Error AtPath(std::string_view path, Error error);

}  // namespace leak_exporter::procfs
