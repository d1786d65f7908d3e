#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "config/config.h"
#include "exporter/log/log.h"
#include "exporter/reload/background_load.h"
#include "exporter/reload/reload_queue.h"
#include "metrics/base/clock.h"

namespace leak_exporter {

/// What a reload consists of.
struct ReloadSteps {
  /// The file's name, for messages.
  std::string file;
  /// Runs in a thread of its own, and must own whatever it uses. All other
  /// steps run in the main thread.
  std::function<LoadResult()> load;
  std::function<void(const config::Config&)> apply;
  StartThread start_thread;
  /// Called when a reload begins, and when its outcome is known.
  std::function<void()> began;
  std::function<void()> ended;
  /// How long a load may take.
  std::chrono::seconds patience{10};
};

/// Reads the configuration again and applies it, one reload after another. A
/// configuration with a mistake is not applied at all, nor is one that cannot
/// be read in time: neither keeps the main thread from its other work. While a
/// load does not come back, every reload is refused.
///
/// For use from the main thread, which calls Step() in its loop whenever one of
/// the descriptors is readable or the deadline has come.
class ConfigReloader {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  struct State {
    bool last_successful = true;
    double last_success_unix_seconds = 0;
  };

  /// Counts the first configuration of the program as loaded now. Throws
  /// std::system_error if no descriptor is available.
  ConfigReloader(ReloadSteps steps, const Clock& clock, Logger& logger);

  /// Asks for a reload and waits for its outcome. From any thread but the main
  /// one.
  ReloadResult Request() { return queue_.Request(); }
  /// Asks for a reload whose outcome is in the log and in the metrics.
  void RequestSilently() { requested_ = true; }

  /// Readable when there is something to do.
  int request_fd() const { return queue_.fd(); }
  int load_fd() const { return load_.fd(); }
  /// When there is something to do at the latest. Absent between reloads.
  std::optional<TimePoint> deadline() const { return deadline_; }
  /// Does what there is to do. Never waits.
  void Step();

  /// Refuses all requests, the one under way included.
  void Close();

  /// The outcome of the last reload. Thread-safe.
  State state() const;

 private:
  void Begin();
  void End(const LoadResult& loaded);
  ReloadResult Apply(const LoadResult& loaded);
  LoadResult NotInTime() const;
  void SetState(bool successful);

  const ReloadSteps steps_;
  const Clock& clock_;
  Logger& logger_;

  ReloadQueue queue_;
  BackgroundLoad load_;
  /// Those that the reload under way answers, and those that the next one does.
  ReloadQueue::Requests current_;
  ReloadQueue::Requests next_;
  bool requested_ = false;
  /// Of the reload under way.
  std::optional<TimePoint> deadline_;

  mutable std::mutex mutex_;
  State state_;
};

}  // namespace leak_exporter
