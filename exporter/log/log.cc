#include "exporter/log/log.h"

#include <pthread.h>
#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/formatter.h>
#include <spdlog/sinks/sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <condition_variable>
#include <csignal>
#include <mutex>
#include <string>
#include <utility>

#include "exporter/log/log_line.h"
#include "exporter/log/repeat_limit.h"

namespace leak_exporter {
namespace {

using spdlog::details::log_msg;

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

LogLevel FromSpdlog(spdlog::level::level_enum level) {
  for (const LogLevel ours :
       {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarn}) {
    if (ToSpdlog(ours) == level) return ours;
  }
  return LogLevel::kError;
}

/// The payload of a message is an EventText.
class LineFormatter final : public spdlog::formatter {
 public:
  explicit LineFormatter(LogFormat format) : format_(format) {}

  void format(const log_msg& message, spdlog::memory_buf_t& to) override {
    const std::string line =
        LogLine(format_, message.time, FromSpdlog(message.level),
                {message.payload.data(), message.payload.size()}) +
        '\n';
    to.append(line.data(), line.data() + line.size());
  }
  std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<LineFormatter>(format_);
  }

 private:
  LogFormat format_;
};

/// Starts the thread that writes. It must take no signals: the main thread
/// waits for them, and here they would end the program.
std::unique_ptr<spdlog::details::thread_pool> StartThread(size_t queue_lines) {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const std::unique_ptr<sigset_t, void (*)(sigset_t*)> restore(
      &before,
      [](sigset_t* mask) { ::pthread_sigmask(SIG_SETMASK, mask, nullptr); });
  return std::make_unique<spdlog::details::thread_pool>(
      queue_lines, 1, [] { ::pthread_setname_np(::pthread_self(), "log"); });
}

}  // namespace

/// Passes messages on to the sink, except for warnings and errors that are
/// repeated too often. Counts all of them. Only the logger's thread calls the
/// functions of spdlog's interface.
class Logger::Output final : public spdlog::sinks::sink {
 public:
  Output(LogFormat format, std::shared_ptr<spdlog::sinks::sink> to)
      : format_(format), sink_(std::move(to)) {
    sink_->set_formatter(std::make_unique<LineFormatter>(format_));
  }

  void log(const log_msg& message) override {
    // Counts also if the sink throws; spdlog reports that.
    const std::unique_ptr<Output, void (*)(Output*)> count(
        this, [](Output* output) { output->Count(); });
    if (message.level < spdlog::level::warn) {
      sink_->log(message);
      return;
    }
    const std::string_view text(message.payload.data(), message.payload.size());
    const auto left_out = limit_.Admit(message.time, text);
    if (!left_out) return;
    std::string with_count(text);
    if (*left_out > 0) {
      AppendField(format_, {"suppressed", *left_out}, with_count);
    }
    log_msg written = message;
    written.payload = with_count;
    sink_->log(written);
  }
  void flush() override { sink_->flush(); }
  void set_pattern(const std::string& /*pattern*/) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter> /*other*/) override {}

  /// Waits at most `patience` until `enough` is true for the number of handled
  /// messages. Returns whether it is.
  bool Await(std::chrono::milliseconds patience,
             const std::function<bool(uint64_t)>& enough) {
    std::unique_lock lock(mutex_);
    return handled_changed_.wait_for(lock, patience,
                                     [&] { return enough(handled_); });
  }

 private:
  void Count() {
    const std::lock_guard lock(mutex_);
    ++handled_;
    handled_changed_.notify_all();
  }

  LogFormat format_;
  std::shared_ptr<spdlog::sinks::sink> sink_;
  RepeatLimit limit_;
  std::mutex mutex_;
  std::condition_variable handled_changed_;
  uint64_t handled_ = 0;
};

Logger::Logger(LogFormat format, LogLevel level,
               std::shared_ptr<spdlog::sinks::sink> sink, WallTime wall_time,
               size_t queue_lines)
    : format_(format),
      wall_time_(std::move(wall_time)),
      output_(std::make_shared<Output>(format, std::move(sink))),
      thread_(StartThread(queue_lines)),
      thread_handle_(thread_.get(), [](auto*) {}),
      logger_(std::make_shared<spdlog::async_logger>(
          "leak_exporter", output_, thread_handle_,
          spdlog::async_overflow_policy::overrun_oldest)) {
  logger_->set_level(ToSpdlog(level));
}

Logger::~Logger() {
  // The destructor of the pool joins the thread, which is impossible if that
  // hangs.
  if (!Flush(kPatienceAtTheEnd)) static_cast<void>(thread_.release());
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

bool Logger::Flush(std::chrono::milliseconds patience) const {
  const uint64_t lines = lines_;
  return output_->Await(patience, [&](uint64_t handled) {
    return handled + dropped_lines() >= lines;
  });
}

uint64_t Logger::dropped_lines() const { return thread_->overrun_counter(); }

void Logger::Write(LogLevel level, std::string_view message,
                   std::initializer_list<LogField> fields) {
  const auto spdlog_level = ToSpdlog(level);
  if (!logger_->should_log(spdlog_level)) return;
  ++lines_;
  logger_->log(wall_time_(), {}, spdlog_level,
               spdlog::string_view_t(EventText(format_, message, fields)));
}

std::unique_ptr<Logger> MakeStandardErrorLogger(LogFormat format,
                                                LogLevel level) {
  return std::make_unique<Logger>(
      format, level, std::make_shared<spdlog::sinks::stderr_sink_mt>(),
      [] { return std::chrono::system_clock::now(); });
}

}  // namespace leak_exporter
