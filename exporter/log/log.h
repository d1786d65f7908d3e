#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string_view>

#include "exporter/log/log_field.h"

namespace spdlog {
class async_logger;
namespace details {
class thread_pool;
}  // namespace details
namespace sinks {
class sink;
}  // namespace sinks
}  // namespace spdlog

namespace leak_exporter {

/// Writes events to a sink, one a line. A thread of the logger's own writes
/// them, so that a sink that blocks, such as a pipe that nobody reads, blocks
/// no caller: at most `queue_lines` lines wait, a further one drops the oldest.
/// Equal warnings and errors are limited (see RepeatLimit); the line that is
/// written after others were left out has their number in the field
/// `suppressed`. Thread-safe.
class Logger {
 public:
  using WallTime = std::function<std::chrono::system_clock::time_point()>;

  static constexpr size_t kQueueLines = 2048;

  /// The sink receives the formatter, which ends each line with a newline.
  /// Throws std::system_error where no thread can be started. The thread takes
  /// no signals.
  Logger(LogFormat format, LogLevel level,
         std::shared_ptr<spdlog::sinks::sink> sink, WallTime wall_time,
         size_t queue_lines = kQueueLines);
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;
  /// Waits as Flush does, for at most 300 ms. Where the sink still hangs then,
  /// its thread and what that thread uses are left behind; see Flush.
  ~Logger();

  void Debug(std::string_view message,
             std::initializer_list<LogField> fields = {});
  void Info(std::string_view message,
            std::initializer_list<LogField> fields = {});
  void Warn(std::string_view message,
            std::initializer_list<LogField> fields = {});
  void Error(std::string_view message,
             std::initializer_list<LogField> fields = {});

  /// Waits at most `patience` until every line of earlier calls is written or
  /// dropped, and returns whether it is. Where it is not, the sink hangs. The
  /// program must then end by std::_Exit, because a thread in write(2) cannot
  /// be joined, and because exit(3) would wait for the lock that it holds on
  /// stderr.
  bool Flush(std::chrono::milliseconds patience) const;

  /// How many lines were dropped because the sink did not keep up.
  uint64_t dropped_lines() const;

 private:
  class Output;

  void Write(LogLevel level, std::string_view message,
             std::initializer_list<LogField> fields);

  LogFormat format_;
  WallTime wall_time_;
  std::shared_ptr<Output> output_;
  std::unique_ptr<spdlog::details::thread_pool> thread_;
  /// `thread_` as spdlog wants it. Owns nothing.
  std::shared_ptr<spdlog::details::thread_pool> thread_handle_;
  std::shared_ptr<spdlog::async_logger> logger_;
  std::atomic<uint64_t> lines_ = 0;
};

/// A logger to standard error on the machine's clock.
std::unique_ptr<Logger> MakeStandardErrorLogger(LogFormat format,
                                                LogLevel level);

}  // namespace leak_exporter
