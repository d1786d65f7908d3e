#include "exporter/schedule/worker_threads.h"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <future>
#include <memory>

#include "tests/catch.h"
#include "tests/exporter/schedule/fake_measuring.h"

namespace leak_exporter {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE(
    "worker threads: counted until their work and what it holds is gone") {
  WorkerThreads workers;
  CHECK(workers.WaitUntilIdle(seconds(0)));
  Gate gate;
  gate.Close();
  auto held = std::make_shared<int>(1);
  const std::weak_ptr<int> watched = held;
  REQUIRE(workers.Start(WorkerThreads::Priority::kNormal,
                        [&gate, held = std::move(held)] { gate.Pass(); }));
  gate.AwaitEntered(1);
  CHECK(workers.running() == 1);
  CHECK_FALSE(workers.WaitUntilIdle(milliseconds(1)));
  gate.Open();
  CHECK(workers.WaitUntilIdle(seconds(10)));
  CHECK(watched.expired());
  CHECK(workers.running() == 0);
}

TEST_CASE("worker threads: background work is nicer than the rest") {
  WorkerThreads workers;
  const auto nice_of = [&](WorkerThreads::Priority priority) {
    std::promise<int> nice;
    REQUIRE(workers.Start(priority, [&nice] {
      nice.set_value(
          ::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid())));
    }));
    return nice.get_future().get();
  };
  const int own = ::getpriority(PRIO_PROCESS, 0);
  CHECK(nice_of(WorkerThreads::Priority::kNormal) == own);
  CHECK(nice_of(WorkerThreads::Priority::kBackground) == 10);
  CHECK(::getpriority(PRIO_PROCESS, 0) == own);
}

TEST_CASE("worker threads: they may outlive the count") {
  Gate gate;
  gate.Close();
  std::promise<void> ended;
  {
    WorkerThreads workers;
    REQUIRE(workers.Start(WorkerThreads::Priority::kNormal, [&] {
      gate.Pass();
      ended.set_value();
    }));
    gate.AwaitEntered(1);
  }
  gate.Open();
  ended.get_future().get();
}

}  // namespace
}  // namespace leak_exporter
