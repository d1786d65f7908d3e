#include "exporter/service/web_config_watch.h"

#include <chrono>
#include <utility>

namespace leak_exporter {
namespace {

constexpr std::chrono::seconds kInterval{1};

}  // namespace

WebConfigWatch::WebConfigWatch(std::shared_ptr<http::WebSetupFile> file,
                               const WaitableClock& clock, Logger& logger)
    : file_(std::move(file)), clock_(clock), logger_(logger) {}

Result<void> WebConfigWatch::Start(WorkerThreads& workers) {
  return workers.Start(WorkerThreads::Priority::kNormal,
                       [self = shared_from_this()] { self->Run(); });
}

void WebConfigWatch::Stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
}

void WebConfigWatch::Run() {
  std::unique_lock lock(mutex_);
  while (!clock_.WaitUntil(lock, changed_, clock_.Now() + kInterval,
                           [this] { return stopped_; })) {
    lock.unlock();
    file_->Renew(logger_);
    lock.lock();
  }
}

}  // namespace leak_exporter
