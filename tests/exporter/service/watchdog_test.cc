#include "exporter/service/watchdog.h"

#include <sys/socket.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "exporter/http/server.h"
#include "tests/catch.h"
#include "tests/exporter/log/captured_log.h"
#include "tests/scratch_directory.h"

namespace leak_exporter {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::vector<http::ListenSocket> Sockets(const std::string& unix_path) {
  ListenAddress everywhere;
  ListenAddress path;
  path.unix_path = unix_path;
  std::vector<http::ListenSocket> sockets;
  for (const ListenAddress& address : {everywhere, path}) {
    auto opened = http::Listen(address);
    REQUIRE(opened);
    sockets.push_back(std::move(opened->front()));
  }
  return sockets;
}

TEST_CASE("watchdog: a server that answers is well") {
  const ScratchDirectory directory;
  CapturedLog log;
  const http::Server server(
      Sockets(directory.path() + "/x"),
      {{"/-/ready",
        {"GET"},
        [](const http::Request&) { return http::PlainText(200, "ready"); }}},
      log.logger());
  Watchdog watchdog(server.sockets());
  for (int i = 0; i < 3; ++i) CHECK(watchdog.Check(seconds(5)));
}

TEST_CASE("watchdog: a socket that nobody serves is not") {
  const ScratchDirectory directory;
  const auto sockets = Sockets(directory.path() + "/x");
  Watchdog watchdog(sockets);
  CHECK(watchdog.Check(milliseconds(10)));
  CHECK_FALSE(watchdog.Check(milliseconds(10)));
  CHECK_FALSE(watchdog.Check(milliseconds(10)));
}

TEST_CASE("watchdog: a connection that is closed is no answer") {
  const ScratchDirectory directory;
  const auto sockets = Sockets(directory.path() + "/x");
  Watchdog watchdog(sockets);
  CHECK(watchdog.Check(milliseconds(10)));
  for (const http::ListenSocket& socket : sockets) {
    const UniqueFd accepted(::accept(socket.fd(), nullptr, nullptr));
    CHECK(accepted.valid());
  }
  CHECK_FALSE(watchdog.Check(seconds(5)));
}

}  // namespace
}  // namespace leak_exporter
