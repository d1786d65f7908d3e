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

Error AtPath(std::string_view path, Error error) {
  std::string message(path);
  message += ':';
  message += error.message;
  error.message = std::move(message);
  return error;
}

}  // namespace leak_exporter::procfs
