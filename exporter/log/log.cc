#include "exporter/log/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <utility>

#include "exporter/log/log_line.h"

namespace leak_exporter {
namespace {

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarn:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

}  // namespace

Logger::Logger(LogFormat format, LogLevel level,
               std::shared_ptr<spdlog::sinks::sink> sink, WallTime wall_time)
    : format_(format),
      wall_time_(std::move(wall_time)),
      logger_(
          std::make_shared<spdlog::logger>("leak_exporter", std::move(sink))) {
  logger_->set_pattern("%v");
  logger_->set_level(ToSpdlog(level));
  logger_->flush_on(spdlog::level::debug);
}

void Logger::Debug(std::string_view message,
                   std::initializer_list<LogField> fields) {
  Write(LogLevel::kDebug, message, fields);
}

void Logger::Info(std::string_view message,
                  std::initializer_list<LogField> fields) {
  Write(LogLevel::kInfo, message, fields);
}

void Logger::Warn(std::string_view message,
                  std::initializer_list<LogField> fields) {
  Write(LogLevel::kWarn, message, fields);
}

void Logger::Error(std::string_view message,
                   std::initializer_list<LogField> fields) {
  Write(LogLevel::kError, message, fields);
}

void Logger::Write(LogLevel level, std::string_view message,
                   std::initializer_list<LogField> fields) {
  const auto spdlog_level = ToSpdlog(level);
  if (!logger_->should_log(spdlog_level)) return;
  logger_->log(spdlog_level,
               spdlog::string_view_t(
                   LogLine(format_, wall_time_(), level, message, fields)));
}

std::unique_ptr<Logger> MakeStandardErrorLogger(LogFormat format,
                                                LogLevel level) {
  return std::make_unique<Logger>(
      format, level, std::make_shared<spdlog::sinks::stderr_sink_mt>(),
      [] { return std::chrono::system_clock::now(); });
}

}  // namespace leak_exporter
