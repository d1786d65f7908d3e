#include "exporter/reload/background_load.h"

#include <sys/eventfd.h>

#include <cerrno>
#include <mutex>
#include <system_error>
#include <utility>

#include "metrics/base/unique_fd.h"

namespace leak_exporter {

struct BackgroundLoad::Shared {
  std::mutex mutex;
  std::optional<LoadResult> loaded;
  UniqueFd wakeup{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
};

BackgroundLoad::BackgroundLoad(std::function<LoadResult()> load,
                               StartThread start_thread)
    : load_(std::move(load)),
      start_thread_(std::move(start_thread)),
      shared_(std::make_shared<Shared>()) {
  if (!shared_->wakeup.valid()) {
    throw std::system_error(errno, std::generic_category(), "eventfd");
  }
}

int BackgroundLoad::fd() const { return shared_->wakeup.get(); }

Result<void> BackgroundLoad::Begin() {
  auto started = start_thread_([shared = shared_, load = load_] {
    LoadResult loaded = load();
    const std::lock_guard lock(shared->mutex);
    shared->loaded = std::move(loaded);
    ::eventfd_write(shared->wakeup.get(), 1);
  });
  outstanding_ = started.has_value();
  return started;
}

std::optional<LoadResult> BackgroundLoad::Take() {
  const std::lock_guard lock(shared_->mutex);
  eventfd_t count = 0;
  ::eventfd_read(shared_->wakeup.get(), &count);
  if (shared_->loaded) outstanding_ = false;
  return std::exchange(shared_->loaded, std::nullopt);
}

}  // namespace leak_exporter
