#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "config/config.h"
#include "exporter/log/log.h"
#include "exporter/reload/reload_queue.h"
#include "metrics/base/clock.h"

namespace leak_exporter {

/// A configuration, or every mistake in it, one a line.
using LoadResult = tl::expected<config::Config, std::vector<std::string>>;

/// Reads the configuration again and applies it. A configuration with a mistake
/// is not applied at all.
class ConfigReloader {
 public:
  struct State {
    bool last_successful = true;
    double last_success_unix_seconds = 0;
  };

  /// Counts the first configuration of the program as loaded now.
  ConfigReloader(std::function<LoadResult()> load,
                 std::function<void(const config::Config&)> apply,
                 const Clock& clock, Logger& logger);

  /// Loads and applies. If there are mistakes, logs and returns them, and the
  /// configuration stays as it was. Called from one thread at a time.
  ReloadResult Reload();

  /// The outcome of the last reload. Thread-safe.
  State state() const;

 private:
  void SetState(bool successful);

  std::function<LoadResult()> load_;
  std::function<void(const config::Config&)> apply_;
  const Clock& clock_;
  Logger& logger_;

  mutable std::mutex mutex_;
  State state_;
};

}  // namespace leak_exporter
