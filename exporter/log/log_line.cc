#include "exporter/log/log_line.h"

#include <array>
#include <cstddef>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>
#include <variant>

#include "metrics/base/utf8.h"

namespace leak_exporter {
namespace {

std::string_view Name(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarn:
      return "warn";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

std::string Rfc3339(std::chrono::system_clock::time_point time) {
  using std::chrono::floor;
  const auto seconds = floor<std::chrono::seconds>(time);
  const auto milliseconds =
      floor<std::chrono::milliseconds>(time - seconds).count();
  const std::time_t unix_seconds =
      std::chrono::system_clock::to_time_t(seconds);
  std::tm utc{};
  ::gmtime_r(&unix_seconds, &utc);
  std::array<char, 32> date;
  const size_t length =
      std::strftime(date.data(), date.size(), "%Y-%m-%dT%H:%M:%S", &utc);
  std::array<char, 8> fraction;
  std::snprintf(fraction.data(), fraction.size(), ".%03dZ",
                static_cast<int>(milliseconds));
  return std::string(date.data(), length) + fraction.data();
}

// The text as a JSON string. Readers of logfmt accept the same between quotes.
// JSON allows U+0080 to U+009F, U+2028 and U+2029 unescaped, but some readers
// end a line there.
std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  while (!text.empty()) {
    const Utf8Sequence point = DecodeUtf8(text);
    if (!point.well_formed) {
      for (size_t i = 0; i < point.length; ++i) quoted += "\uFFFD";
    } else if (point.code_point == U'"' || point.code_point == U'\\') {
      quoted += {'\\', text.front()};
    } else if (point.code_point == U'\n') {
      quoted += "\\n";
    } else if (point.code_point == U'\r') {
      quoted += "\\r";
    } else if (point.code_point == U'\t') {
      quoted += "\\t";
    } else if (IsControl(point.code_point)) {
      std::array<char, 8> escape;
      std::snprintf(escape.data(), escape.size(), "\\u%04x",
                    static_cast<unsigned>(point.code_point & 0xFFFF));
      quoted += escape.data();
    } else {
      quoted += text.substr(0, point.length);
    }
    text.remove_prefix(point.length);
  }
  return quoted + '"';
}

// Whether logfmt needs no quotes around the text.
bool IsBare(std::string_view text) {
  for (const char c : text) {
    if (c <= ' ' || c > '~' || c == '"' || c == '=' || c == '\\') return false;
  }
  return !text.empty();
}

using Value = decltype(LogField::value);

// Lines wait in a queue, and paths and messages come from the outside world.
constexpr size_t kMostValueBytes = 2048;

// At most so much of the text, with a mark where something is cut off. Never
// cuts a character in two.
std::string Shortened(std::string_view text) {
  size_t end = kMostValueBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) {
    --end;
  }
  return std::string(text.substr(0, end)) + "…";
}

std::string ToText(LogFormat format, const Value& value) {
  if (const auto* const text = std::get_if<std::string_view>(&value)) {
    if (text->size() > kMostValueBytes) return Quoted(Shortened(*text));
    const bool bare = format == LogFormat::kLogfmt && IsBare(*text);
    return bare ? std::string(*text) : Quoted(*text);
  }
  return std::visit([](auto number) { return nlohmann::json(number).dump(); },
                    value);
}

}  // namespace

void AppendField(LogFormat format, const LogField& field, std::string& text) {
  const std::string value = ToText(format, field.value);
  if (format == LogFormat::kLogfmt) {
    if (!text.empty()) text += ' ';
    text.append(field.key).append("=").append(value);
  } else {
    if (!text.empty()) text += ',';
    text.append(Quoted(field.key)).append(":").append(value);
  }
}

std::string EventText(LogFormat format, std::string_view message,
                      std::initializer_list<LogField> fields) {
  std::string text;
  AppendField(format, {"msg", message}, text);
  for (const LogField& field : fields) AppendField(format, field, text);
  return text;
}

std::string LogLine(LogFormat format,
                    std::chrono::system_clock::time_point wall_time,
                    LogLevel level, std::string_view event_text) {
  std::string line;
  const std::string time = Rfc3339(wall_time);
  AppendField(format, {"ts", time}, line);
  AppendField(format, {"level", Name(level)}, line);
  if (format == LogFormat::kLogfmt) {
    return line.append(" ").append(event_text);
  }
  return "{" + line.append(",").append(event_text) + "}";
}

}  // namespace leak_exporter
