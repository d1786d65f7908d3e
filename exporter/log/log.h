#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace spdlog {
class logger;
namespace sinks {
class sink;
}  // namespace sinks
}  // namespace spdlog

namespace leak_exporter {

enum class LogLevel { kDebug, kInfo, kWarn, kError };
enum class LogFormat { kLogfmt, kJson };

/// One `key=value` of an event. Refers to its text, so it lives no longer than
/// the call it is an argument of. Keys are the program's own words.
struct LogField {
  std::string_view key;
  std::variant<std::string_view, int64_t, uint64_t, double, bool> value;
};

/// Writes events to a sink, one a line, whatever their texts hold: control
/// characters are escaped and bytes that are not UTF-8 replaced. Thread-safe.
class Logger {
 public:
  using WallTime = std::function<std::chrono::system_clock::time_point()>;

  /// The sink receives finished lines without the newline.
  Logger(LogFormat format, LogLevel level,
         std::shared_ptr<spdlog::sinks::sink> sink, WallTime wall_time);

  void Debug(std::string_view message,
             std::initializer_list<LogField> fields = {});
  void Info(std::string_view message,
            std::initializer_list<LogField> fields = {});
  void Warn(std::string_view message,
            std::initializer_list<LogField> fields = {});
  void Error(std::string_view message,
             std::initializer_list<LogField> fields = {});

 private:
  void Write(LogLevel level, std::string_view message,
             std::initializer_list<LogField> fields);

  LogFormat format_;
  WallTime wall_time_;
  std::shared_ptr<spdlog::logger> logger_;
};

/// A logger to standard error on the machine's clock.
std::unique_ptr<Logger> MakeStandardErrorLogger(LogFormat format,
                                                LogLevel level);

}  // namespace leak_exporter
