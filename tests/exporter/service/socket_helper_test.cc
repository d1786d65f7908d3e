#include "exporter/service/socket_helper.h"

#include <poll.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <utility>
#include <vector>

#include "exporter/http/server.h"
#include "tests/catch.h"
#include "tests/exporter/log/captured_log.h"
#include "tests/scratch_directory.h"

namespace leak_exporter {
namespace {

std::vector<http::ListenSocket> SocketsAt(const std::string& path) {
  ListenAddress address;
  address.unix_path = path;
  auto opened = http::Listen(address);
  REQUIRE(opened);
  return *std::move(opened);
}

TEST_CASE("socket_helper: it tells whether the program answers") {
  const ScratchDirectory directory;
  auto sockets = SocketsAt(directory.path() + "/x");
  auto helper = SocketHelper::Start(sockets);
  REQUIRE(helper);
  CapturedLog log;
  std::optional<http::Server> server;
  server.emplace(
      std::move(sockets),
      std::vector<http::Route>{
          {"/-/ready",
           {"GET"},
           [](const http::Request&) { return http::PlainText(200, "ready"); }}},
      log.logger());
  // The first call has nothing to judge by. What it asked is answered some time
  // before a later one.
  REQUIRE(helper->CheckAnswers(Watchdog::Protocol::kHttp));
  const auto until =
      std::chrono::steady_clock::now() + std::chrono::seconds(10);
  bool answers = false;
  for (int milliseconds = 1;
       !answers && std::chrono::steady_clock::now() < until;
       milliseconds *= 2) {
    ::poll(nullptr, 0, milliseconds);
    answers = helper->CheckAnswers(Watchdog::Protocol::kHttp).has_value();
  }
  CHECK(answers);
  server.reset();
  static_cast<void>(helper->CheckAnswers(Watchdog::Protocol::kHttp));
  const auto dead = helper->CheckAnswers(Watchdog::Protocol::kHttp);
  REQUIRE_FALSE(dead);
  CHECK(dead.error().message == "the server does not answer");
}

TEST_CASE("socket_helper: it removes the files of Unix sockets, when told") {
  const ScratchDirectory directory;
  const std::string path = directory.path() + "/x";
  {
    auto sockets = SocketsAt(path);
    auto helper = SocketHelper::Start(sockets);
    REQUIRE(helper);
    sockets.clear();
    CHECK(std::filesystem::exists(path));
    REQUIRE(helper->RemoveFiles());
    CHECK_FALSE(std::filesystem::exists(path));
  }
  auto sockets = SocketsAt(path);
  auto helper = SocketHelper::Start(sockets);
  REQUIRE(helper);
  std::filesystem::remove(path);
  std::ofstream(path) << "somebody else's";
  REQUIRE(helper->RemoveFiles());
  CHECK(std::filesystem::exists(path));
}

}  // namespace
}  // namespace leak_exporter
