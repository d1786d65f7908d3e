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

/// Writes events to a sink, one a line. Thread-safe.
///
/// The logger has a thread that writes, so that no caller waits for a sink that
/// blocks, such as a pipe that nobody reads. At most `queue_lines` lines wait
/// for this thread; when there is one more, the oldest is dropped.
///
/// Equal warnings and errors are limited (see RepeatLimit). The first line that
/// is written after others were left out has their number in the field
/// `suppressed`.
class Logger {
 public:
  using WallTime = std::function<std::chrono::system_clock::time_point()>;

  static constexpr size_t kQueueLines = 2048;
  /// The part that the log may take of the second within which the program
  /// ends.
  static constexpr std::chrono::milliseconds kPatienceAtTheEnd{300};

  /// Sets the formatter of the sink, which ends each line with a newline.
  /// Throws std::system_error if no thread can be started. The thread blocks
  /// all signals.
  Logger(LogFormat format, LogLevel level,
         std::shared_ptr<spdlog::sinks::sink> sink, WallTime wall_time,
         size_t queue_lines = kQueueLines);
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;
  /// Flushes for at most kPatienceAtTheEnd. If the sink still hangs then,
  /// leaves the thread behind with all that it uses.
  ~Logger();

  void Debug(std::string_view message,
             std::initializer_list<LogField> fields = {});
  void Info(std::string_view message,
            std::initializer_list<LogField> fields = {});
  void Warn(std::string_view message,
            std::initializer_list<LogField> fields = {});
  void Error(std::string_view message,
             std::initializer_list<LogField> fields = {});

  /// Waits at most `patience` until every earlier line is written or dropped.
  /// Returns false if the sink hangs. The program must then end by std::_Exit:
  /// a thread in write(2) cannot be joined, and exit(3) would wait for the lock
  /// that this thread holds on stderr.
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
  /// Refers to `thread_` in the form that spdlog needs. Owns nothing.
  std::shared_ptr<spdlog::details::thread_pool> thread_handle_;
  std::shared_ptr<spdlog::async_logger> logger_;
  std::atomic<uint64_t> lines_ = 0;
};

/// A logger to standard error on the machine's clock.
std::unique_ptr<Logger> MakeStandardErrorLogger(LogFormat format,
                                                LogLevel level);

}  // namespace leak_exporter
