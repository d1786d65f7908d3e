#include "exporter/schedule/worker_threads.h"

#include <sys/resource.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

namespace leak_exporter {
namespace {

constexpr int kBackgroundNice = 10;

/// Linux gives each thread its own nice value (setpriority(2), NOTES).
void LowerPriority() {
  ::setpriority(PRIO_PROCESS, /*this thread*/ 0, kBackgroundNice);
}

}  // namespace

struct WorkerThreads::State {
  std::mutex mutex;
  std::condition_variable ended;
  size_t running = 0;
};

WorkerThreads::WorkerThreads() : state_(std::make_shared<State>()) {}

Result<void> WorkerThreads::Start(Priority priority,
                                  std::function<void()> work) {
  const std::lock_guard lock(state_->mutex);
  try {
    std::thread([state = state_, priority, run = std::move(work)]() mutable {
      if (priority == Priority::kBackground) LowerPriority();
      run();
      // What the work holds must be gone before the thread counts as ended.
      run = nullptr;
      const std::lock_guard end_lock(state->mutex);
      --state->running;
      state->ended.notify_all();
    }).detach();
  } catch (const std::system_error& failure) {
    return Failure(failure.code().value(),
                   std::string("cannot start a thread: ") + failure.what());
  }
  ++state_->running;
  return {};
}

size_t WorkerThreads::running() const {
  const std::lock_guard lock(state_->mutex);
  return state_->running;
}

bool WorkerThreads::WaitUntilIdle(std::chrono::nanoseconds at_most) const {
  std::unique_lock lock(state_->mutex);
  return state_->ended.wait_for(lock, at_most,
                                [this] { return state_->running == 0; });
}

}  // namespace leak_exporter
