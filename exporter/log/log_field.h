#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

namespace leak_exporter {

enum class LogLevel { kDebug, kInfo, kWarn, kError };
enum class LogFormat { kLogfmt, kJson };

/// One `key=value` of an event. Refers to the caller's text and so lives no
/// longer than the call that it is an argument of. Keys are the program's own
/// words.
struct LogField {
  std::string_view key;
  std::variant<std::string_view, int64_t, uint64_t, double, bool> value;
};

}  // namespace leak_exporter
