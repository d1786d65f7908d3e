#include "exporter/reload/reload_queue.h"

#include <sys/eventfd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace leak_exporter {
namespace {

ReloadResult Refusal() {
  return tl::unexpected(std::vector<std::string>{"the exporter is ending"});
}

}  // namespace

ReloadQueue::ReloadQueue() : wakeup_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!wakeup_.valid()) {
    throw std::system_error(errno, std::generic_category(), "eventfd");
  }
}

ReloadResult ReloadQueue::Request() {
  std::future<ReloadResult> outcome;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return Refusal();
    outcome = waiting_.emplace_back().get_future();
    // Fails only if the counter is full, and then the descriptor is readable.
    ::eventfd_write(wakeup_.get(), 1);
  }
  return outcome.get();
}

void ReloadQueue::Close(Requests taken) {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  for (auto& request : taken) request.set_value(Refusal());
  for (auto& request : TakeAll()) request.set_value(Refusal());
}

ReloadQueue::Requests ReloadQueue::TakeAll() {
  const std::lock_guard lock(mutex_);
  eventfd_t count = 0;
  ::eventfd_read(wakeup_.get(), &count);
  return std::exchange(waiting_, {});
}

}  // namespace leak_exporter
