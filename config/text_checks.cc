#include "config/text_checks.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <system_error>

#include "metrics/base/quote.h"
#include "metrics/base/utf8.h"

namespace leak_exporter::config {
namespace {

constexpr size_t kLongestName = 128;
// TASK_COMM_LEN less the NUL (include/linux/sched.h).
constexpr size_t kLongestComm = 15;
constexpr uint64_t kLargestUid = std::numeric_limits<uint32_t>::max() - 1;
// systemd.unit(5): the types of unit that processes can be in.
constexpr std::array<std::string_view, 6> kUnitSuffixes = {
    ".service", ".scope", ".slice", ".socket", ".mount", ".swap"};

bool HasControl(const std::string& text) {
  for (std::string_view left = text; !left.empty();) {
    const Utf8Sequence sequence = DecodeUtf8(left);
    if (!sequence.well_formed || IsControl(sequence.code_point)) return true;
    left.remove_prefix(sequence.length);
  }
  return false;
}

}  // namespace

std::optional<std::string> CheckName(const std::string& text) {
  if (text.size() > kLongestName) {
    return "is longer than " + std::to_string(kLongestName) + " bytes";
  }
  if (HasControl(text)) return "has a control character in it";
  return std::nullopt;
}

std::optional<std::string> CheckFilePath(const std::string& text) {
  if (text[0] != '/') {
    return "is a relative path; expected one that begins with /";
  }
  if (text.back() == '/') return "is a directory; expected a file";
  return std::nullopt;
}

std::optional<std::string> CheckDirectoryPath(const std::string& text) {
  if (text[0] == '/') return std::nullopt;
  return "is a relative path; expected one that begins with /";
}

std::optional<std::string> CheckComm(const std::string& text) {
  if (text.size() <= kLongestComm) return std::nullopt;
  return "is longer than the " + std::to_string(kLongestComm) +
         " bytes that the kernel keeps; expected the name as ps -o comm "
         "shows it";
}

std::optional<std::string> CheckExecutableGlob(const std::string& text) {
  if (std::string_view("/*?[").find(text[0]) != std::string_view::npos) {
    return std::nullopt;
  }
  return "can match no path; expected a glob that begins with / or *";
}

std::optional<std::string> CheckRegularExpression(const std::string& text) {
  const RE2 pattern(text, RE2::Quiet);
  if (pattern.ok()) return std::nullopt;
  return "is no regular expression: " + Escape(pattern.error()) +
         "; expected RE2's syntax";
}

std::optional<std::string> CheckUser(const std::string& text) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (!std::all_of(text.begin(), text.end(), digit)) {
    const bool name = text.find(':') == std::string::npos && !HasControl(text);
    if (name && text[0] != '-') return std::nullopt;
    return "is no user name; expected one, or a uid";
  }
  uint64_t uid = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), uid);
  if (error == std::errc() && uid <= kLargestUid) return std::nullopt;
  return "is no uid; expected one from 0 to " + std::to_string(kLargestUid);
}

std::optional<std::string> CheckSystemdUnit(const std::string& text) {
  const bool unit = std::any_of(
      kUnitSuffixes.begin(), kUnitSuffixes.end(), [&](std::string_view suffix) {
        return text.size() > suffix.size() && text.ends_with(suffix);
      });
  if (unit && text.find('/') == std::string::npos) return std::nullopt;
  return "is no unit's name; expected one such as app.service or app.scope";
}

std::optional<std::string> CheckContainerGlob(const std::string& text) {
  if (text.find('/') == std::string::npos) return std::nullopt;
  return "can match no container id; expected a glob without /";
}

}  // namespace leak_exporter::config
