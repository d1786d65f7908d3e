#include "metrics/procfs/text.h"

#include <string>
#include <utility>

namespace leak_exporter::procfs {
namespace {

constexpr size_t kShownContent = 64;

bool IsPrintableAscii(char byte) { return byte >= ' ' && byte <= '~'; }

}  // namespace

Error Malformed(size_t line, std::string_view problem,
                std::string_view content) {
  std::string message = std::to_string(line);
  message += ": ";
  message += problem;
  message += " '";
  for (const char byte : content.substr(0, kShownContent)) {
    message += IsPrintableAscii(byte) ? byte : '?';
  }
  if (content.size() > kShownContent) message += "...";
  message += '\'';
  return Error{0, std::move(message)};
}

Result<std::string_view> TakeLine(std::string_view& text, size_t line) {
  const size_t end = text.find('\n');
  if (end == text.npos) {
    return tl::unexpected<Error>(Malformed(line, "torn last line", text));
  }
  const std::string_view content = text.substr(0, end);
  text.remove_prefix(end + 1);
  return content;
}

Error AtPath(std::string_view path, Error error) {
  std::string message(path);
  message += ':';
  message += error.message;
  error.message = std::move(message);
  return error;
}

}  // namespace leak_exporter::procfs
