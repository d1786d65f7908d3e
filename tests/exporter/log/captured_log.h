#pragma once

#include <spdlog/sinks/base_sink.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>

#include "exporter/log/log.h"

namespace leak_exporter {

/// A logger whose lines a test reads.
class CapturedLog {
 public:
  CapturedLog()
      : sink_(std::make_shared<Sink>()),
        logger_(LogFormat::kLogfmt, LogLevel::kDebug, sink_,
                [] { return std::chrono::system_clock::time_point(); }) {}

  Logger& logger() { return logger_; }
  /// What has been logged until now.
  std::string text() const {
    if (!logger_.Flush(std::chrono::seconds(10))) {
      throw std::runtime_error("the log is not written");
    }
    return sink_->text();
  }

 private:
  class Sink final : public spdlog::sinks::base_sink<std::mutex> {
   public:
    std::string text() {
      const std::lock_guard lock(mutex_);
      return text_;
    }

   private:
    void sink_it_(const spdlog::details::log_msg& message) override {
      spdlog::memory_buf_t line;
      formatter_->format(message, line);
      text_.append(line.data(), line.size());
    }
    void flush_() override {}

    std::string text_;
  };

  std::shared_ptr<Sink> sink_;
  Logger logger_;
};

}  // namespace leak_exporter
