#include "exporter/schedule/outstanding_looks.h"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "exporter/schedule/worker_threads.h"
#include "tests/catch.h"
#include "tests/exporter/schedule/gate.h"
#include "tests/exporter/schedule/manual_clock.h"

namespace leak_exporter {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Looks that pass a gate and then say how many have passed it.
struct LooksBench {
  ~LooksBench() {
    gate.Open();
    looks->Stop();
    pool.Stop();
    CHECK(threads.WaitUntilIdle(kTestPatience));
  }

  Result<std::shared_ptr<const int>> Await(
      const std::string& path, std::optional<std::string> question = "",
      seconds budget = seconds(60)) {
    return AwaitLook<int>(
        *looks, {.path = path}, path, std::move(question),
        [this](const Deadline&) {
          gate.Pass();
          return ++passed;
        },
        Deadline::After(clock, budget));
  }
  auto AwaitBeside(const std::string& path,
                   std::optional<std::string> question = "",
                   seconds budget = seconds(60)) {
    return std::async(std::launch::async,
                      [=, this] { return Await(path, question, budget); });
  }
  /// Whether there is an answer at last: a thread that has passed the gate may
  /// still be on its way to say so.
  bool Answers(const std::string& path) {
    for (int i = 0; i < 10'000; ++i) {
      if (Await(path)) return true;
    }
    return false;
  }
  /// Has a look hang, and a caller give it up.
  void Hang(const std::string& path) {
    gate.Close();
    const int entered = gate.entered();
    auto hung = AwaitBeside(path);
    gate.AwaitEntered(entered + 1);
    clock.AwaitWaiting(1);
    clock.Advance(kPatience);
    CHECK(hung.get().error().code == ETIMEDOUT);
  }

  static constexpr seconds kPatience{10};

  ManualClock clock;
  WorkerThreads threads;
  Gate gate;
  std::atomic<int> passed = 0;
  WorkerPool pool{threads,
                  WorkerThreads::Priority::kBackground,
                  {.at_once = 2, .most_threads = 4, .patience = seconds(1)},
                  clock};
  std::shared_ptr<OutstandingLooks> looks = std::make_shared<OutstandingLooks>(
      pool, clock, LookLimits{.patience = kPatience, .most_outstanding = 4});
};

TEST_CASE("outstanding looks: each look has an answer of its own") {
  LooksBench bench;
  CHECK(**bench.Await("/a") == 1);
  CHECK(**bench.Await("/a") == 2);
  CHECK(**bench.Await("/b") == 3);
  CHECK(bench.threads.running() <= 2);
}

TEST_CASE("outstanding looks: who asks the same meanwhile gets one answer") {
  LooksBench bench;
  bench.gate.Close();
  auto first = bench.AwaitBeside("/a");
  bench.gate.AwaitEntered(1);
  auto second = bench.AwaitBeside("/a");
  auto third = bench.AwaitBeside("/a");
  bench.clock.AwaitWaiting(3);
  bench.gate.Open();
  CHECK(**first.get() == 1);
  CHECK(**second.get() == 1);
  CHECK(**third.get() == 1);
  CHECK(bench.gate.entered() == 1);
}

TEST_CASE("outstanding looks: who asks something else waits for his turn") {
  const auto question =
      GENERATE(std::optional<std::string>("x"), std::optional<std::string>());
  LooksBench bench;
  bench.gate.Close();
  auto first = bench.AwaitBeside("/a", question);
  bench.gate.AwaitEntered(1);
  auto second = bench.AwaitBeside("/a", question ? "y" : question);
  bench.clock.AwaitWaiting(2);
  CHECK(bench.gate.entered() == 1);
  bench.gate.Open();
  CHECK(**first.get() == 1);
  CHECK(**second.get() == 2);
}

TEST_CASE("outstanding looks: what hangs keeps one thread, whoever asks") {
  LooksBench bench;
  bench.Hang("/hung");
  for (int i = 0; i < 20; ++i) {
    // At once: the clock stands still.
    const auto again = bench.Await("/hung", std::to_string(i));
    REQUIRE_FALSE(again);
    CHECK(again.error().code == ETIMEDOUT);
    CHECK(again.error().message == "/hung: does not answer");
  }
  CHECK(bench.threads.running() == 1);
  bench.gate.Open();
  bench.gate.AwaitPassed(1);
  CHECK(bench.Answers("/other"));
  CHECK(bench.Answers("/hung"));
}

TEST_CASE("outstanding looks: one that comes back is handed over") {
  LooksBench bench;
  bench.gate.Close();
  auto first = bench.AwaitBeside("/a", "", seconds(5));
  bench.gate.AwaitEntered(1);
  bench.clock.AwaitWaiting(1);
  auto second = bench.AwaitBeside("/a", "", seconds(9));
  bench.clock.AwaitWaiting(2);
  bench.clock.Advance(seconds(4));
  bench.gate.Open();
  CHECK(**first.get() == 1);
  CHECK(**second.get() == 1);
}

TEST_CASE("outstanding looks: one cut off at another's deadline is repeated") {
  LooksBench bench;
  bench.gate.Close();
  auto hasty = bench.AwaitBeside("/a", "", seconds(5));
  bench.gate.AwaitEntered(1);
  auto patient = bench.AwaitBeside("/a", "", seconds(60));
  bench.clock.AwaitWaiting(2);
  bench.clock.Advance(seconds(5));
  const auto late = hasty.get();
  REQUIRE_FALSE(late);
  CHECK(late.error().message == "/a: not looked at in time");
  bench.gate.Open();
  CHECK(**patient.get() == 2);
}

TEST_CASE("outstanding looks: a slow one that shows life is waited for") {
  LooksBench bench;
  Gate steps;
  steps.Close();
  auto slow = std::async(std::launch::async, [&] {
    return AwaitLook<int>(
        *bench.looks, {.path = "/slow"}, "/slow", "",
        [&](const Deadline& deadline) {
          for (int i = 0; i < 5; ++i) {
            steps.Pass();
            steps.Close();
            CHECK_FALSE(deadline.Expired());
          }
          return 7;
        },
        Deadline::After(bench.clock, seconds(600)));
  });
  for (int i = 1; i <= 5; ++i) {
    steps.AwaitEntered(i);
    bench.clock.AwaitWaiting(1);
    bench.clock.Advance(seconds(9));
    steps.Open();
  }
  CHECK(**slow.get() == 7);
}

TEST_CASE("outstanding looks: their number is bounded") {
  LooksBench bench;
  for (const char* path : {"/a", "/b", "/c", "/d"}) bench.Hang(path);
  const auto refused = bench.Await("/e");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == EFBIG);
  CHECK(refused.error().message ==
        "/e: not looked at, because 4 looks at directories do not come back");
  CHECK(bench.threads.running() == 4);
  bench.gate.Open();
  bench.gate.AwaitPassed(4);
  CHECK(bench.Answers("/e"));
}

TEST_CASE("outstanding looks: what is thrown is thrown to who waits") {
  LooksBench bench;
  CHECK_THROWS_WITH(AwaitLook<int>(
                        *bench.looks, {.path = "/a"}, "/a", "",
                        [](const Deadline&) -> int {
                          throw std::runtime_error("unheard of");
                        },
                        Deadline::Never(bench.clock)),
                    "unheard of");
  CHECK(**bench.Await("/a") == 1);
}

TEST_CASE("outstanding looks: Stop ends all waiting") {
  LooksBench bench;
  bench.gate.Close();
  auto waiting = bench.AwaitBeside("/a");
  bench.gate.AwaitEntered(1);
  bench.clock.AwaitWaiting(1);
  bench.looks->Stop();
  CHECK(waiting.get().error().code == ECANCELED);
  CHECK(bench.Await("/b").error().code == ECANCELED);
}

}  // namespace
}  // namespace leak_exporter
