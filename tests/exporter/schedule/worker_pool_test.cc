#include "exporter/schedule/worker_pool.h"

#include <array>
#include <chrono>
#include <memory>

#include "tests/catch.h"
#include "tests/exporter/schedule/gate.h"
#include "tests/exporter/schedule/manual_clock.h"

namespace leak_exporter {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// A pool of two threads at once and four in all.
struct PoolBench {
  ~PoolBench() {
    gate.Open();
    other.Open();
    pool.Stop();
    CHECK(threads.WaitUntilIdle(seconds(10)));
  }

  void Hang(int times) {
    for (int i = 0; i < times; ++i) REQUIRE(pool.Submit([&] { gate.Pass(); }));
  }
  void Count() {
    REQUIRE(pool.Submit([&] { other.Pass(); }));
  }
  /// Whether no more than so many threads are left, at the latest soon.
  bool SettlesAt(size_t count) const {
    for (int i = 0; i < 10'000 && threads.running() > count; ++i) {
      threads.WaitUntilIdle(milliseconds(1));
    }
    return threads.running() == count;
  }

  ManualClock clock;
  WorkerThreads threads;
  Gate gate;
  Gate other;
  WorkerPool pool{threads,
                  WorkerThreads::Priority::kNormal,
                  {.at_once = 2, .most_threads = 4, .patience = seconds(1)},
                  clock};
};

TEST_CASE("worker pool: a thread is started when there is work for it") {
  PoolBench bench;
  CHECK(bench.threads.running() == 0);
  bench.gate.Close();
  bench.Hang(1);
  bench.gate.AwaitEntered(1);
  CHECK(bench.threads.running() == 1);
  bench.Count();
  bench.other.AwaitPassed(1);
  CHECK(bench.threads.running() == 2);
}

TEST_CASE("worker pool: work beyond the threads at once waits its turn") {
  PoolBench bench;
  bench.gate.Close();
  bench.Hang(5);
  bench.gate.AwaitEntered(2);
  CHECK(bench.threads.running() == 2);
  CHECK(bench.gate.entered() == 2);
  bench.gate.Open();
  bench.gate.AwaitPassed(5);
  CHECK(bench.SettlesAt(2));
}

TEST_CASE("worker pool: what hangs gives its place to others, up to a bound") {
  PoolBench bench;
  bench.gate.Close();
  bench.Hang(2);
  bench.gate.AwaitEntered(2);
  bench.Count();
  bench.pool.Relieve();
  CHECK(bench.threads.running() == 2);
  CHECK(bench.other.entered() == 0);

  bench.clock.Advance(seconds(1));
  bench.pool.Relieve();
  bench.other.AwaitPassed(1);
  CHECK(bench.threads.running() == 3);

  // The third and the fourth hang as well: then there is no other.
  bench.Hang(2);
  bench.gate.AwaitEntered(4);
  bench.clock.Advance(seconds(1));
  bench.Count();
  bench.pool.Relieve();
  CHECK(bench.threads.running() == 4);
  CHECK(bench.other.entered() == 1);

  // What comes back takes up what waits, and those too many end.
  bench.gate.Open();
  bench.other.AwaitPassed(2);
  CHECK(bench.SettlesAt(2));
}

TEST_CASE("worker pool: what is submitted later finds that others hang") {
  PoolBench bench;
  bench.gate.Close();
  bench.Hang(2);
  bench.gate.AwaitEntered(2);
  bench.clock.Advance(seconds(1));
  bench.Count();
  bench.other.AwaitPassed(1);
}

TEST_CASE("worker pool: what work holds is gone before the next work begins") {
  PoolBench bench;
  const auto held = std::make_shared<int>(1);
  REQUIRE(bench.pool.Submit([held] {}));
  REQUIRE(bench.pool.Submit([held] {}));
  for (int i = 0; i < 2; ++i) bench.Count();
  bench.other.AwaitPassed(2);
  for (int i = 0; i < 10'000 && held.use_count() > 1; ++i) {
    bench.threads.WaitUntilIdle(milliseconds(1));
  }
  CHECK(held.use_count() == 1);
}

TEST_CASE("worker pool: Stop drops what waits and ends what is idle") {
  PoolBench bench;
  bench.gate.Close();
  bench.Hang(2);
  bench.gate.AwaitEntered(2);
  const auto held = std::make_shared<int>(1);
  REQUIRE(bench.pool.Submit([held, &bench] { bench.other.Pass(); }));
  CHECK(held.use_count() == 2);
  bench.pool.Stop();
  CHECK(held.use_count() == 1);
  REQUIRE(bench.pool.Submit([&] { bench.other.Pass(); }));
  bench.gate.Open();
  CHECK(bench.threads.WaitUntilIdle(seconds(10)));
  CHECK(bench.other.entered() == 0);
}

}  // namespace
}  // namespace leak_exporter
