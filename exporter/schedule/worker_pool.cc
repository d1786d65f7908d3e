#include "exporter/schedule/worker_pool.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <list>
#include <mutex>
#include <utility>

namespace leak_exporter {

struct WorkerPool::State : std::enable_shared_from_this<State> {
  using TimePoint = std::chrono::steady_clock::time_point;
  using Lock = std::unique_lock<std::mutex>;

  State(WorkerThreads& worker_threads, WorkerThreads::Priority its_priority,
        const PoolLimits& its_limits, const Clock& its_clock)
      : threads(worker_threads),
        priority(its_priority),
        limits(its_limits),
        clock(its_clock) {}

  /// Busy threads whose work has not outlasted the patience.
  size_t Working() const {
    const TimePoint now = clock.Now();
    return static_cast<size_t>(std::count_if(
        busy_since.begin(), busy_since.end(),
        [&](TimePoint since) { return now - since < limits.patience; }));
  }

  /// Starts as many threads as may work on what waits. `lock` is held.
  Result<void> StartThreads() {
    // An idle thread, or one that has just been started, takes one each.
    const size_t ready = idle + starting;
    size_t wanted = queue.size() > ready ? queue.size() - ready : 0;
    size_t working = Working() + ready;
    while (wanted > 0 && working < limits.at_once &&
           running < limits.most_threads) {
      const auto started =
          threads.Start(priority, [self = shared_from_this()] { self->Run(); });
      if (!started) return started;
      ++running;
      ++starting;
      ++working;
      --wanted;
    }
    return {};
  }

  /// Whether so many threads work without this one that it is of no use.
  bool IsSurplus() const { return Working() + idle >= limits.at_once; }

  void Run() {
    Lock lock(mutex);
    --starting;
    while (!closed) {
      if (!queue.empty()) {
        RunNext(lock);
      } else if (IsSurplus()) {
        break;
      } else {
        ++idle;
        changed.wait(lock, [this] { return closed || !queue.empty(); });
        --idle;
      }
    }
    --running;
  }

  void RunNext(Lock& lock) {
    Work work = std::move(queue.front());
    queue.pop_front();
    const auto busy = busy_since.insert(busy_since.end(), clock.Now());
    lock.unlock();
    work();
    // What the work holds must be gone before it counts as done.
    work = nullptr;
    lock.lock();
    busy_since.erase(busy);
  }

  WorkerThreads& threads;
  const WorkerThreads::Priority priority;
  const PoolLimits limits;
  const Clock& clock;

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Work> queue;
  /// One entry for each thread that works.
  std::list<TimePoint> busy_since;
  size_t idle = 0;
  size_t starting = 0;
  size_t running = 0;
  bool closed = false;
};

WorkerPool::WorkerPool(WorkerThreads& threads, WorkerThreads::Priority priority,
                       const PoolLimits& limits, const Clock& clock)
    : state_(std::make_shared<State>(threads, priority, limits, clock)) {}

WorkerPool::~WorkerPool() { Stop(); }

Result<void> WorkerPool::Submit(Work work) {
  const State::Lock lock(state_->mutex);
  if (state_->closed) return {};
  state_->queue.push_back(std::move(work));
  state_->changed.notify_one();
  return state_->StartThreads();
}

void WorkerPool::Relieve() {
  const State::Lock lock(state_->mutex);
  // The error was said when the work was submitted.
  static_cast<void>(state_->StartThreads());
}

void WorkerPool::Stop() {
  // Destroyed after the lock is open: work may hold what submits more.
  std::deque<Work> dropped;
  const State::Lock lock(state_->mutex);
  state_->closed = true;
  dropped.swap(state_->queue);
  state_->changed.notify_all();
}

}  // namespace leak_exporter
