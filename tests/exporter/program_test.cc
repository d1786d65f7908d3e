#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "exporter/http/listen_socket.h"
#include "tests/catch.h"
#include "tests/exporter/running_exporter.h"
#include "tests/exporter/stream_client.h"
#include "tests/exporter/system/notify_socket.h"
#include "tests/scratch_directory.h"

namespace leak_exporter {
namespace {

using std::chrono::seconds;

const std::string kAnyPort = "--web.listen-address=127.0.0.1:0";
/// The test is a process that is certain to exist.
const std::string kOwnPid = "--pid=" + std::to_string(::getpid());

std::string WriteConfig(const ScratchDirectory& directory,
                        const std::string& extra = "") {
  std::string path = directory.path() + "/leak_exporter.yml";
  std::ofstream(path) << "targets:\n  - name: test\n    match: {pid: "
                      << ::getpid() << "}\n"
                      << extra;
  return path;
}

TEST_CASE("program: serves a process that is given by its pid") {
  RunningExporter exporter({kOwnPid, kAnyPort});
  const std::string response = HttpRequest(exporter.Address(), "GET /metrics");
  CHECK_THAT(response, ContainsSubstring("HTTP/1.1 200 OK\r\n"));
  CHECK_THAT(response,
             ContainsSubstring("leak_target_processes{target=\"pid-" +
                               std::to_string(::getpid()) + "\"} 1\n"));
  CHECK_THAT(response, ContainsSubstring("\nprocess_start_time_seconds "));
}

TEST_CASE("program: SIGTERM and SIGINT end it, whoever is connected") {
  const int signal = GENERATE(SIGTERM, SIGINT);
  RunningExporter exporter({kOwnPid, kAnyPort});
  const StreamClient idle(exporter.Address());
  const StreamClient slow(exporter.Address());
  slow.Send("GET /metrics HTTP/1.1\r\nHo");
  exporter.Signal(signal);
  CHECK(exporter.Wait(seconds(1)) == 0);
}

TEST_CASE(
    "program: SIGTERM ends it within a second although all threads hang") {
  RunningExporter exporter({kOwnPid, kAnyPort});
  HttpRequest(exporter.Address(), "GET /metrics");
  exporter.HangThreads();
  exporter.Signal(SIGTERM);
  CHECK(exporter.Wait(seconds(1)) == 0);
  CHECK_THAT(exporter.RestOfLog(),
             ContainsSubstring("ended although work hangs"));
}

/// Has a pipe take no more; its reader does not read.
void Fill(int pipe) {
  ::fcntl(pipe, F_SETFL, O_NONBLOCK);
  const std::string filling(4096, '.');
  while (::write(pipe, filling.data(), filling.size()) > 0) {
  }
  ::fcntl(pipe, F_SETFL, 0);
}

TEST_CASE("program: a log that nobody reads holds up neither scrape nor end") {
  const ScratchDirectory directory;
  const std::string address = "unix:" + directory.path() + "/web";
  const std::string socket_path = directory.path() + "/notify";
  const NotifySocket socket(socket_path);
  RunningExporter exporter(
      {kOwnPid, "--web.listen-address=" + address, "--log.level=debug"}, [&] {
        Fill(STDERR_FILENO);
        ::setenv("NOTIFY_SOCKET", socket_path.c_str(), 1);
        ::unsetenv("WATCHDOG_USEC");
      });
  CHECK(socket.Receive() == "READY=1");
  for (int i = 0; i < 3; ++i) {
    CHECK_THAT(HttpRequest(address, "GET /metrics"),
               ContainsSubstring("HTTP/1.1 200 OK\r\n"));
  }
  exporter.Signal(SIGHUP);
  CHECK_THAT(socket.Receive(), ContainsSubstring("RELOADING=1\n"));
  CHECK(socket.Receive() == "READY=1");
  exporter.Signal(SIGTERM);
  CHECK(exporter.Wait(seconds(1)) == 0);
}

TEST_CASE("program: it warns once where other machines may connect") {
  const std::string warning =
      "msg=\"other machines may connect, without TLS "
      "and without authentication\"";
  RunningExporter open({kOwnPid, "--web.listen-address=0.0.0.0:0", kAnyPort,
                        "--web.enable-lifecycle"});
  const std::string& log = open.AwaitLog(warning);
  const std::string exposed =
      "exposed=\"metrics, names and pids of processes, debug blocks without "
      "values, reloading\"";
  open.AwaitLog(exposed);
  CHECK(log.find(warning) == log.rfind(warning));
  CHECK_THAT(log, ContainsSubstring(warning + " address=0.0.0.0:"));

  const ScratchDirectory directory;
  const std::string web = directory.path() + "/web.yml";
  std::ofstream(web)
      << "basic_auth_users: {alice: "
         "$2b$04$F99zk/ZOG8cFnF4fmUIQmeaso79qXJMuIC2ZjY7CgHFOcMfyEmnaO}\n";
  RunningExporter guarded(
      {kOwnPid, "--web.listen-address=0.0.0.0:0", "--web.config.file=" + web});
  guarded.AwaitLog("msg=\"other machines may connect, without TLS\" ");

  RunningExporter local({kOwnPid, kAnyPort});
  local.Address();
  local.Signal(SIGTERM);
  CHECK(local.Wait(seconds(10)) == 0);
  CHECK(local.RestOfLog().find("other machines") == std::string::npos);
}

TEST_CASE("program: scrapes leave neither threads nor descriptors behind") {
  RunningExporter exporter({kOwnPid, kAnyPort});
  StreamClient client(exporter.Address());
  size_t threads = 0;
  size_t descriptors = 0;
  for (int i = 0; i < 200; ++i) {
    client.Send("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    REQUIRE_THAT(client.ReadResponse(), ContainsSubstring("200 OK"));
    if (i == 20) {
      threads = exporter.Threads().size();
      descriptors = exporter.Descriptors();
    }
  }
  // The pools start a thread when all they have are busy, up to 8 and 4.
  constexpr size_t kMostPoolThreads = 12;
  CHECK(exporter.Threads().size() <= threads + kMostPoolThreads);
  CHECK(exporter.Descriptors() <= descriptors);
}

TEST_CASE("program: it does not start with a wrong file, and says it all") {
  const ScratchDirectory directory;
  const std::string path = WriteConfig(directory, "nonsense: 1\nmore: 2\n");
  const auto* command = GENERATE("serve", "profile", "check-config");
  RunningExporter exporter(
      std::string(command) == "check-config"
          ? std::vector<std::string>{command, path}
          : std::vector<std::string>{command, "--config.file=" + path});
  CHECK(exporter.Wait(seconds(10)) == 1);
  const std::string log = exporter.RestOfLog();
  CHECK_THAT(log, ContainsSubstring(path + ":4:1: nonsense"));
  CHECK_THAT(log, ContainsSubstring(path + ":5:1: more"));
}

TEST_CASE("program: it does not start with a wrong web configuration") {
  const ScratchDirectory directory;
  const std::string path = directory.path() + "/web.yml";
  std::ofstream(path) << "nonsense: 1\nmore: 2\n";
  RunningExporter exporter({kOwnPid, "--web.config.file=" + path, kAnyPort});
  CHECK(exporter.Wait(seconds(10)) == 1);
  const std::string log = exporter.RestOfLog();
  CHECK_THAT(log, ContainsSubstring(path + ":1:1: nonsense"));
  CHECK_THAT(log, ContainsSubstring(path + ":2:1: more"));
}

TEST_CASE("program: it does not start with wrong words, and says why") {
  struct Case {
    std::vector<std::string> arguments;
    int exit_code;
    std::string message;
  };
  const auto [arguments, exit_code, message] = GENERATE(
      Case{{"--no-such-flag"}, 2, "--no-such-flag"},
      Case{{"--pid=4194304"}, 3, "--pid=4194304: /proc/4194304"},
      Case{{"profile", "--pid=4194304"}, 3, "--pid=4194304: /proc/4194304"},
      Case{{kOwnPid, "--web.systemd-socket"}, 4, "no sockets were handed"});
  RunningExporter exporter(arguments);
  CHECK(exporter.Wait(seconds(10)) == exit_code);
  CHECK_THAT(exporter.RestOfLog(), ContainsSubstring(message));
}

TEST_CASE("program: an address that cannot be bound is named") {
  ListenAddress loopback;
  loopback.host = "127.0.0.1";
  const auto taken = http::Listen(loopback);
  REQUIRE(taken);
  const std::string busy = taken->front().address();
  RunningExporter exporter({kOwnPid, "--web.listen-address=" + busy});
  CHECK(exporter.Wait(seconds(10)) == 4);
  CHECK(exporter.RestOfLog() ==
        "cannot listen at " + busy + ": Address already in use\n");
}

TEST_CASE("program: a reload of a wrong file keeps the old configuration") {
  const ScratchDirectory directory;
  const std::string path = WriteConfig(directory);
  RunningExporter exporter({"--config.file=" + path, kAnyPort});
  const std::string address = exporter.Address();
  const std::string successful =
      "\nleak_exporter_config_last_reload_successful ";
  CHECK_THAT(HttpRequest(address, "GET /metrics"),
             ContainsSubstring(successful + "1\n"));

  WriteConfig(directory, "nonsense: 1\nmore: 2\n");
  const std::string refused = HttpRequest(address, "POST /-/reload");
  CHECK_THAT(refused, ContainsSubstring("HTTP/1.1 500 "));
  CHECK_THAT(refused, ContainsSubstring(path + ":4:1: nonsense"));
  CHECK_THAT(refused, ContainsSubstring(path + ":5:1: more"));
  const std::string metrics = HttpRequest(address, "GET /metrics");
  CHECK_THAT(metrics, ContainsSubstring(successful + "0\n"));
  CHECK_THAT(metrics,
             ContainsSubstring("leak_target_processes{target=\"test\"} 1\n"));

  WriteConfig(directory, "debugging:\n  pid_profile: {interval: 1 hour}\n");
  exporter.Signal(SIGHUP);
  exporter.AwaitLog("configuration reloaded");
  exporter.AwaitOutput("### DEBUG: END PID PROFILE ###\n");
  CHECK_THAT(HttpRequest(address, "GET /metrics"),
             ContainsSubstring(successful + "1\n"));
}

TEST_CASE("program: debug blocks come at their interval") {
  const ScratchDirectory directory;
  const std::string path =
      WriteConfig(directory, "debugging:\n  pid_profile: {interval: 100ms}\n");
  RunningExporter exporter({"--config.file=" + path, kAnyPort});
  const std::string end = "### DEBUG: END PID PROFILE ###\n";
  exporter.AwaitOutput(end + "### DEBUG: BEGIN PID PROFILE ###\n");
}

TEST_CASE("program: the service manager hears how it is doing") {
  const ScratchDirectory directory;
  const std::string path = WriteConfig(directory);
  const std::string socket_path = directory.path() + "/notify";
  const NotifySocket socket(socket_path);
  RunningExporter exporter({"--config.file=" + path, kAnyPort}, [&] {
    ::setenv("NOTIFY_SOCKET", socket_path.c_str(), 1);
    ::setenv("WATCHDOG_USEC", "200000", 1);
    ::unsetenv("WATCHDOG_PID");
  });
  CHECK(socket.Receive() == "READY=1");
  for (int i = 0; i < 3; ++i) CHECK(socket.Receive() == "WATCHDOG=1");

  exporter.Signal(SIGHUP);
  std::string message = socket.Receive();
  while (message == "WATCHDOG=1") message = socket.Receive();
  CHECK_THAT(message, ContainsSubstring("RELOADING=1\nMONOTONIC_USEC="));
  CHECK(socket.Receive() == "READY=1");

  // A server that hangs is not vouched for.
  exporter.HangThreads();
  exporter.AwaitLog("the server does not answer");
  exporter.Signal(SIGTERM);
  do {
    message = socket.Receive();
  } while (message == "WATCHDOG=1");
  CHECK(message == "STOPPING=1");
  CHECK(exporter.Wait(seconds(1)) == 0);
}

TEST_CASE("program: serves on the socket that a service manager has opened") {
  ListenAddress loopback;
  loopback.host = "127.0.0.1";
  const auto opened = http::Listen(loopback);
  REQUIRE(opened);
  const int fd = opened->front().fd();
  RunningExporter exporter({kOwnPid, "--web.systemd-socket"}, [fd] {
    // One that is the third already would keep its flag to close on exec.
    ::dup2(::fcntl(fd, F_DUPFD, 100), 3);
    ::setenv("LISTEN_FDS", "1", 1);
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
  });
  CHECK(exporter.Address() == opened->front().address());
  CHECK_THAT(HttpRequest(exporter.Address(), "GET /-/healthy"),
             ContainsSubstring("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE("program: profile prints the blocks once and ends") {
  RunningExporter text({"profile", kOwnPid, "pid", "mapping"});
  CHECK(text.Wait(seconds(10)) == 0);
  const std::string blocks = text.RestOfOutput();
  CHECK(blocks.starts_with("### DEBUG: BEGIN PID PROFILE ###\n\nThere are "));
  CHECK(blocks.ends_with(" total\n\n### DEBUG: END MAPPING PROFILE ###\n"));
  CHECK(blocks.find("DISK") == std::string::npos);

  RunningExporter json({"profile", kOwnPid, "--format=json"});
  CHECK(json.Wait(seconds(10)) == 0);
  const std::string line = json.RestOfOutput();
  for (const char* profile : {"memory", "pid", "disk", "mapping"}) {
    CHECK_THAT(line,
               ContainsSubstring("\"" + std::string(profile) + "_profile\""));
  }
}

}  // namespace
}  // namespace leak_exporter
