#include "exporter/log/log.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "metrics/base/unique_fd.h"
#include "tests/catch.h"
#include "tests/exporter/log/captured_log.h"

namespace leak_exporter {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::chrono::system_clock::time_point kTime{
    milliseconds(1'795'296'201'007)};

size_t CountLines(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != text.npos;
       at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

TEST_CASE("log: the logger writes from its level on, one line an event") {
  std::ostringstream out;
  {
    Logger logger(LogFormat::kLogfmt, LogLevel::kWarn,
                  std::make_shared<spdlog::sinks::ostream_sink_mt>(out),
                  [] { return kTime; });
    logger.Debug("no");
    logger.Info("no");
    logger.Warn("{} % is text", {{"pid", int64_t{1}}});
    logger.Error("yes");
  }
  CHECK(out.str() ==
        "ts=2026-11-21T21:23:21.007Z level=warn msg=\"{} % is text\" pid=1\n"
        "ts=2026-11-21T21:23:21.007Z level=error msg=yes\n");
}

TEST_CASE("log: JSON too, with the time of the event") {
  std::ostringstream out;
  auto now = kTime;
  Logger logger(LogFormat::kJson, LogLevel::kDebug,
                std::make_shared<spdlog::sinks::ostream_sink_mt>(out),
                [&] { return now; });
  logger.Debug("a");
  now += seconds(1);
  logger.Info("b", {{"path", "/x y"}});
  REQUIRE(logger.Flush(seconds(10)));
  CHECK(out.str() ==
        R"({"ts":"2026-11-21T21:23:21.007Z","level":"debug","msg":"a"})"
        "\n"
        R"({"ts":"2026-11-21T21:23:22.007Z","level":"info","msg":"b",)"
        R"("path":"/x y"})"
        "\n");
}

TEST_CASE("log: lines of many threads are whole, and flushed once written") {
  CapturedLog log;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int line = 0; line < 100; ++line) log.logger().Info("a line");
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::string line =
      "ts=1970-01-01T00:00:00.000Z level=info msg=\"a line\"\n";
  CHECK(CountLines(log.text(), line) == 400);
  CHECK(log.text().size() == 400 * line.size());
  CHECK(log.logger().dropped_lines() == 0);
}

TEST_CASE("log: equal warnings are limited, and those left out are counted") {
  const auto format = GENERATE(LogFormat::kLogfmt, LogFormat::kJson);
  std::ostringstream out;
  auto now = kTime;
  Logger logger(format, LogLevel::kDebug,
                std::make_shared<spdlog::sinks::ostream_sink_mt>(out),
                [&] { return now; });
  for (int i = 0; i < 8; ++i) logger.Warn("failed", {{"target", "a"}});
  logger.Warn("failed", {{"target", "b"}});
  now += seconds(60);
  logger.Warn("failed", {{"target", "a"}});
  REQUIRE(logger.Flush(seconds(10)));
  const bool json = format == LogFormat::kJson;
  const std::string text = out.str();
  CHECK(CountLines(text, json ? R"("target":"a"})" : "target=a\n") == 5);
  CHECK(CountLines(text, json ? R"("target":"b"})" : "target=b\n") == 1);
  CHECK(text.ends_with(json ? R"("target":"a","suppressed":3})"
                              "\n"
                            : "target=a suppressed=3\n"));
}

TEST_CASE("log: what somebody did is always written") {
  CapturedLog log;
  for (int i = 0; i < 50; ++i) {
    log.logger().Info("configuration reloaded");
    log.logger().Debug("asked for");
  }
  CHECK(CountLines(log.text(), "reloaded") == 50);
  CHECK(CountLines(log.text(), "asked for") == 50);
}

/// A pipe as a log, full before the first line and read only by the test.
class FullPipe {
 public:
  FullPipe() {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    read_.Reset(ends[0]);
    REQUIRE(::fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
    const std::string filling(4096, '.');
    while (::write(ends[1], filling.data(), filling.size()) > 0) {
    }
    REQUIRE(errno == EAGAIN);
    REQUIRE(::fcntl(ends[1], F_SETFL, 0) == 0);
    file_ = ::fdopen(ends[1], "w");
    sink_ = std::make_shared<
        spdlog::sinks::stdout_sink_base<spdlog::details::console_nullmutex>>(
        file_);
  }

  const std::shared_ptr<spdlog::sinks::sink>& sink() const { return sink_; }

  /// What has been written after the filling once `end` is among it. The stream
  /// stays open: its last writer may be a thread that has been left behind.
  std::string ReadUntil(const std::string& end) const {
    std::string text;
    std::array<char, 4096> buffer{};
    while (text.find(end) == text.npos) {
      pollfd readable{read_.get(), POLLIN, 0};
      REQUIRE(::poll(&readable, 1, 10'000) == 1);
      const ssize_t size = ::read(read_.get(), buffer.data(), buffer.size());
      REQUIRE(size > 0);
      text.append(buffer.data(), static_cast<size_t>(size));
    }
    return text.substr(text.find_first_not_of('.'));
  }

 private:
  UniqueFd read_;
  std::FILE* file_ = nullptr;
  std::shared_ptr<spdlog::sinks::sink> sink_;
};

TEST_CASE("log: a pipe that nobody reads blocks nobody and drops the oldest") {
  const FullPipe pipe;
  Logger logger(
      LogFormat::kLogfmt, LogLevel::kInfo, pipe.sink(), [] { return kTime; },
      8);
  // The thread takes one line and hangs in it; eight wait.
  logger.Info("line", {{"n", int64_t{-1}}});
  for (int64_t i = 0; i < 100; ++i) logger.Info("line", {{"n", i}});
  const uint64_t dropped = logger.dropped_lines();
  // The thread may have been late to take its first one.
  CHECK((dropped == 92 || dropped == 93));
  CHECK_FALSE(logger.Flush(milliseconds(1)));

  const std::string text = pipe.ReadUntil("n=99\n");
  CHECK(CountLines(text, "msg=line") == 101 - dropped);
  for (int64_t i = 92; i < 100; ++i) {
    CHECK(CountLines(text, " n=" + std::to_string(i) + "\n") == 1);
  }
  CHECK(logger.Flush(seconds(10)));
  CHECK(logger.dropped_lines() == dropped);
}

TEST_CASE("log: the end does not wait for a pipe that nobody reads") {
  const FullPipe pipe;
  const auto before = std::chrono::steady_clock::now();
  {
    Logger logger(LogFormat::kLogfmt, LogLevel::kInfo, pipe.sink(),
                  [] { return kTime; });
    logger.Info("first");
    logger.Info("last");
  }
  CHECK(std::chrono::steady_clock::now() - before < seconds(1));
  // The thread that was left behind still has all that it needs.
  CHECK(pipe.ReadUntil("msg=last\n") ==
        "ts=2026-11-21T21:23:21.007Z level=info msg=first\n"
        "ts=2026-11-21T21:23:21.007Z level=info msg=last\n");
}

TEST_CASE("log: its thread has a name and takes no signals") {
  CapturedLog log;
  log.logger().Info("the thread has begun");
  log.text();
  std::string status;
  for (const auto& task :
       std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream file(task.path() / "status");
    std::ostringstream text;
    text << file.rdbuf();
    if (text.str().starts_with("Name:\tlog\n")) status = text.str();
  }
  INFO(status);
  // Every signal but SIGKILL, SIGSTOP and the two of the C library (signal(7)).
  CHECK_THAT(status, ContainsSubstring("SigBlk:\tfffffffe7ffbfeff\n"));
  sigset_t own;
  REQUIRE(::pthread_sigmask(SIG_SETMASK, nullptr, &own) == 0);
  CHECK(sigismember(&own, SIGTERM) == 0);
}

}  // namespace
}  // namespace leak_exporter
