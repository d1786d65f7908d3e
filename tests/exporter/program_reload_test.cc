// Configuration files that do not come, and those that come from a pipe.

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "metrics/base/unique_fd.h"
#include "tests/catch.h"
#include "tests/exporter/running_exporter.h"
#include "tests/exporter/stream_client.h"
#include "tests/exporter/system/notify_socket.h"
#include "tests/scratch_directory.h"

namespace leak_exporter {
namespace {

using std::chrono::seconds;

const std::string kAnyPort = "--web.listen-address=127.0.0.1:0";

std::string Configuration() {
  return "targets:\n  - name: test\n    match: {pid: " +
         std::to_string(::getpid()) + "}\n";
}

/// Writes to a FIFO once somebody has opened it to read.
void WriteToReader(const std::string& path, const std::string& text) {
  UniqueFd fifo;
  for (int i = 0; i < 10'000 && !fifo.valid(); ++i) {
    fifo.Reset(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    if (!fifo.valid()) ::poll(nullptr, 0, 1);
  }
  REQUIRE(::write(fifo.get(), text.data(), text.size()) ==
          static_cast<ssize_t>(text.size()));
}

TEST_CASE("program: a configuration that does not come holds up nothing") {
  const ScratchDirectory directory;
  const std::string path = directory.path() + "/leak_exporter.yml";
  std::ofstream(path) << Configuration();
  const std::string socket_path = directory.path() + "/notify";
  const NotifySocket socket(socket_path);
  RunningExporter exporter({"--config.file=" + path, kAnyPort}, [&] {
    ::setenv("NOTIFY_SOCKET", socket_path.c_str(), 1);
    ::setenv("WATCHDOG_USEC", "200000", 1);
    ::unsetenv("WATCHDOG_PID");
  });
  const std::string address = exporter.Address();
  // Nobody writes to it, so that whoever opens it to read waits.
  std::filesystem::remove(path);
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  exporter.Signal(SIGHUP);
  while (!socket.Receive().starts_with("RELOADING=1\n")) {
  }
  for (int i = 0; i < 3; ++i) CHECK(socket.Receive() == "WATCHDOG=1");
  CHECK_THAT(HttpRequest(address, "GET /metrics"),
             ContainsSubstring("leak_target_processes{target=\"test\"} 1\n"));
  const StreamClient reloading(address);
  reloading.Send("POST /-/reload HTTP/1.1\r\nHost: localhost\r\n\r\n");
  exporter.Signal(SIGTERM);
  CHECK(exporter.Wait(seconds(1)) == 0);
  CHECK_THAT(exporter.RestOfLog(),
             ContainsSubstring("ended although work hangs"));
}

TEST_CASE("program: a configuration comes late, but in time") {
  const ScratchDirectory directory;
  const std::string path = directory.path() + "/leak_exporter.yml";
  std::ofstream(path) << Configuration();
  RunningExporter exporter({"--config.file=" + path, kAnyPort});
  const std::string address = exporter.Address();
  std::filesystem::remove(path);
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  StreamClient reloading(address);
  reloading.Send(
      "POST /-/reload HTTP/1.1\r\nHost: localhost\r\nConnection: "
      "close\r\n\r\n");
  WriteToReader(path, Configuration() + "  - name: second\n    match: {pid: " +
                          std::to_string(::getpid()) + "}\n");
  CHECK_THAT(reloading.ReadToEnd(), ContainsSubstring("HTTP/1.1 200 OK\r\n"));
  CHECK_THAT(HttpRequest(address, "GET /metrics"),
             ContainsSubstring("leak_target_processes{target=\"second\"} 1\n"));
}

TEST_CASE("program: a shell's pipe is a configuration file") {
  std::array<int, 2> pipe{};
  REQUIRE(::pipe2(pipe.data(), O_CLOEXEC) == 0);
  const UniqueFd read_end(pipe[0]);
  const std::string text = Configuration();
  REQUIRE(::write(pipe[1], text.data(), text.size()) ==
          static_cast<ssize_t>(text.size()));
  ::close(pipe[1]);
  RunningExporter exporter({"--config.file=/dev/fd/63", kAnyPort},
                           [&] { ::dup2(read_end.get(), 63); });
  CHECK_THAT(HttpRequest(exporter.Address(), "GET /metrics"),
             ContainsSubstring("leak_target_processes{target=\"test\"} 1\n"));
}

}  // namespace
}  // namespace leak_exporter
