#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>

#include "exporter/http/web_setup_file.h"
#include "exporter/log/log.h"
#include "exporter/schedule/waitable_clock.h"
#include "exporter/schedule/worker_threads.h"
#include "metrics/base/result.h"

namespace leak_exporter {

/// Looks each second whether a web configuration has changed. It does so in a
/// thread of its own, since the filesystem may hang.
class WebConfigWatch : public std::enable_shared_from_this<WebConfigWatch> {
 public:
  /// `clock` and `logger` must outlive the thread.
  WebConfigWatch(std::shared_ptr<http::WebSetupFile> file,
                 const WaitableClock& clock, Logger& logger);

  Result<void> Start(WorkerThreads& workers);
  /// Lets the thread end. Does not wait for it.
  void Stop();

 private:
  void Run();

  const std::shared_ptr<http::WebSetupFile> file_;
  const WaitableClock& clock_;
  Logger& logger_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_ = false;
};

}  // namespace leak_exporter
