#include "exporter/service/watchdog.h"

#include <sys/socket.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "exporter/http/server.h"
#include "exporter/http/tls/tls_credentials.h"
#include "exporter/http/web_setup.h"
#include "metrics/base/clock.h"
#include "tests/catch.h"
#include "tests/exporter/http/tls/certificates.h"
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

TEST_CASE("watchdog: a server that asks for a password or TLS is well") {
  const bool encrypts = GENERATE(false, true);
  const ScratchDirectory directory;
  CapturedLog log;
  const SystemClock clock;
  config::WebConfig config;
  config.basic_auth_users["alice"] =
      "$2y$04$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy";
  std::shared_ptr<const http::TlsCredentials> tls;
  if (encrypts) {
    config::TlsServerConfig tls_config;
    tls_config.certificate.text = http::kCertificate;
    tls_config.key.text = http::kKey;
    auto loaded = http::TlsCredentials::Load(tls_config);
    REQUIRE(loaded);
    tls = *loaded;
  }
  const auto setup =
      std::make_shared<const http::WebSetup>(config, tls, clock, nullptr);
  const http::Server server(Sockets(directory.path() + "/x"), {}, log.logger(),
                            {}, [setup] { return setup; });
  Watchdog watchdog(server.sockets(), encrypts ? Watchdog::Protocol::kTls
                                               : Watchdog::Protocol::kHttp);
  for (int i = 0; i < 3; ++i) CHECK(watchdog.Check(seconds(5)));
  Watchdog mistaken(server.sockets(), encrypts ? Watchdog::Protocol::kHttp
                                               : Watchdog::Protocol::kTls);
  CHECK(mistaken.Check(seconds(5)));
  CHECK_FALSE(mistaken.Check(seconds(5)));
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
