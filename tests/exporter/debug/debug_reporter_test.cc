#include "exporter/debug/debug_reporter.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <string>

#include "tests/catch.h"
#include "tests/exporter/schedule/snapshot_bench.h"
#include "tests/scratch_directory.h"

namespace leak_exporter {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// A file that tells its reader when something is written.
class Pipe {
 public:
  Pipe() : path_(directory_.path() + "/blocks") {
    REQUIRE(::mkfifo(path_.c_str(), 0600) == 0);
    fd_.Reset(::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  }

  const std::string& path() const { return path_; }

  bool IsReadable(int timeout) const {
    pollfd waiting{fd_.get(), POLLIN, 0};
    return ::poll(&waiting, 1, timeout) == 1 && (waiting.revents & POLLIN) != 0;
  }

  /// What has been written up to and with `last`.
  std::string ReadTo(const std::string& last) const {
    std::string text;
    char buffer[4096];
    while (text.find(last) == std::string::npos && IsReadable(5000)) {
      const ssize_t size = ::read(fd_.get(), buffer, sizeof buffer);
      if (size > 0) text.append(buffer, static_cast<size_t>(size));
    }
    return text;
  }

 private:
  ScratchDirectory directory_;
  std::string path_;
  UniqueFd fd_;
};

class RunningReporter {
 public:
  explicit RunningReporter(const config::DebuggingConfig& config,
                           bool walk_hangs = false)
      : reporter_(std::make_shared<DebugReporter>(
            bench.snapshotter, bench.clock, bench.log.logger())) {
    if (walk_hangs) bench.disk.gate.Close();
    reporter_->Configure(config);
    REQUIRE(reporter_->Start(bench.threads));
  }
  ~RunningReporter() { reporter_->Stop(); }

  DebugReporter& operator*() { return *reporter_; }

  SnapshotBench bench;

 private:
  std::shared_ptr<DebugReporter> reporter_;
};

constexpr const char* kPidEnd = "### DEBUG: END PID PROFILE ###\n";
constexpr const char* kDiskEnd = "### DEBUG: END DISK PROFILE ###\n";
constexpr const char* kMappingEnd = "### DEBUG: END MAPPING PROFILE ###\n";

TEST_CASE("debug reporter: blocks come at once and then at their interval") {
  const Pipe pipe;
  config::DebuggingConfig config;
  config.output = pipe.path();
  config.pid_profile_interval = seconds(10);
  RunningReporter reporter(config);
  CHECK(pipe.ReadTo(kPidEnd) ==
        "### DEBUG: BEGIN PID PROFILE ###\n\n"
        "There are no child processes.\nNone are zombie processes.\n\n" +
            std::string(kPidEnd));
  for (int i = 0; i < 3; ++i) {
    reporter.bench.clock.AwaitWaiting(1);
    reporter.bench.clock.Advance(milliseconds(9999));
    reporter.bench.clock.AwaitWaiting(1);
    CHECK_FALSE(pipe.IsReadable(0));
    reporter.bench.clock.Advance(milliseconds(1));
    CHECK_FALSE(pipe.ReadTo(kPidEnd).empty());
  }
}

TEST_CASE("debug reporter: blocks due together come from one snapshot") {
  const Pipe pipe;
  config::DebuggingConfig config;
  config.output = pipe.path();
  config.pid_profile_interval = seconds(10);
  config.mapping_profile_interval = seconds(20);
  RunningReporter reporter(config);
  const std::string blocks = pipe.ReadTo(kMappingEnd);
  CHECK(blocks.find("BEGIN PID PROFILE") < blocks.find("BEGIN MAPPING"));
  CHECK(reporter.bench.target.gate.entered() == 1);
}

TEST_CASE("debug reporter: a block and a scrape together share a snapshot") {
  const Pipe pipe;
  config::DebuggingConfig config;
  config.output = pipe.path();
  RunningReporter reporter(config);
  SnapshotBench& bench = reporter.bench;
  bench.tree.gate.Close();
  config.pid_profile_interval = seconds(10);
  (*reporter).Configure(config);
  bench.tree.gate.AwaitEntered(1);
  auto scrape = bench.TakeBeside();
  bench.clock.AwaitWaiting(2);
  bench.tree.gate.Open();
  CHECK(scrape.get().process_tree);
  CHECK_FALSE(pipe.ReadTo(kPidEnd).empty());
  CHECK(bench.target.gate.entered() == 1);
}

TEST_CASE("debug reporter: a walk that hangs makes no block miss its time") {
  const Pipe pipe;
  config::DebuggingConfig config;
  config.output = pipe.path();
  config.pid_profile_interval = seconds(10);
  config.disk_profile_interval = seconds(10);
  RunningReporter reporter(config, /*walk_hangs=*/true);
  SnapshotBench& bench = reporter.bench;
  bench.disk.gate.AwaitEntered(1);
  for (int blocks = 1; blocks <= 3; ++blocks) {
    bench.target.gate.AwaitEntered(blocks);
    bench.clock.AwaitWaiting(1);
    bench.clock.Advance(milliseconds(4999));
    bench.clock.AwaitWaiting(1);
    CHECK_FALSE(pipe.IsReadable(0));
    bench.clock.Advance(milliseconds(1));
    CHECK(pipe.ReadTo(kDiskEnd).find(kPidEnd) != std::string::npos);
    bench.clock.AwaitWaiting(1);
    bench.clock.Advance(seconds(5));
  }
  CHECK((*reporter).LeftOut() == 0);
}

TEST_CASE("debug reporter: what cannot be written is logged, and it goes on") {
  const Pipe pipe;
  config::DebuggingConfig config;
  config.output = "/dev/full";
  config.pid_profile_interval = seconds(10);
  RunningReporter reporter(config);
  SnapshotBench& bench = reporter.bench;
  for (int rounds = 1; rounds <= 2; ++rounds) {
    bench.target.gate.AwaitEntered(rounds);
    // Waits by the clock while it measures, and again when it is done.
    while (bench.log.text().find("/dev/full: No space left on device") ==
           std::string::npos) {
      bench.clock.AwaitWaiting(1);
    }
    bench.clock.AwaitWaiting(1);
    bench.clock.Advance(seconds(10));
  }
  config.output = pipe.path();
  config.pid_profile_interval = seconds(5);
  (*reporter).Configure(config);
  // On a line of its own: what broke off may have ended amid one.
  CHECK(pipe.ReadTo(kPidEnd).starts_with("\n### DEBUG: BEGIN PID"));
}

TEST_CASE("debug reporter: without blocks it rests, and can be ended") {
  RunningReporter reporter({});
  CHECK(reporter.bench.threads.running() == 1);
  (*reporter).Stop();
  CHECK(reporter.bench.threads.WaitUntilIdle(seconds(10)));
  CHECK(reporter.bench.target.gate.entered() == 0);
}

}  // namespace
}  // namespace leak_exporter
