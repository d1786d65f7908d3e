#include "exporter/http/web_setup.h"

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "tests/catch.h"
#include "tests/exporter/http/running_server.h"
#include "tests/exporter/stream_client.h"
#include "tests/fake_clock.h"

namespace leak_exporter::http {
namespace {

// Of "s3cret".
constexpr const char* kHash =
    "$2b$04$F99zk/ZOG8cFnF4fmUIQmeaso79qXJMuIC2ZjY7CgHFOcMfyEmnaO";
// alice:s3cret and alice:wrong
constexpr const char* kRight = "Basic YWxpY2U6czNjcmV0";
constexpr const char* kWrong = "Basic YWxpY2U6d3Jvbmc=";

const FakeClock kClock(std::chrono::hours(1));

WebSetupSource Source(config::WebConfig config) {
  return [setup = std::make_shared<const WebSetup>(
              std::move(config), nullptr, kClock, nullptr)] { return setup; };
}

config::WebConfig WithUser() {
  config::WebConfig config;
  config.basic_auth_users["alice"] = kHash;
  return config;
}

std::string Ask(const RunningServer& server, const std::string& line,
                const std::string& authorization, const std::string& body) {
  StreamClient client(server.address());
  client.Send(
      line + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" +
      (authorization.empty() ? ""
                             : "Authorization: " + authorization + "\r\n") +
      (body.empty()
           ? ""
           : "Content-Length: " + std::to_string(body.size()) + "\r\n") +
      "\r\n" + body);
  return client.ReadToEnd();
}

TEST_CASE("web setup: every path needs the password") {
  const RunningServer server(RunningServer::DefaultRoutes(), {},
                             Source(WithUser()));
  for (const char* authorization : {"", kWrong, "Bearer x", "Basic !"}) {
    for (const char* line :
         {"GET /echo", "HEAD /echo", "GET /nowhere", "DELETE /echo", "POST /do",
          "GET /throw", "OPTIONS *"}) {
      for (const char* body : {"", "x=1"}) {
        CAPTURE(authorization, line, body);
        const std::string response = Ask(server, line, authorization, body);
        CHECK_THAT(response,
                   ContainsSubstring("HTTP/1.1 401 Unauthorized\r\n"));
        CHECK_THAT(response, ContainsSubstring("WWW-Authenticate: Basic "
                                               "realm=\"leak_exporter\"\r\n"));
      }
    }
  }
}

TEST_CASE("web setup: who has the password is known to handlers") {
  const RunningServer server(RunningServer::DefaultRoutes(), {},
                             Source(WithUser()));
  CHECK_THAT(Ask(server, "GET /known", kRight, ""),
             ContainsSubstring("\r\n\r\nyes\n"));
  CHECK_THAT(Ask(server, "GET /nowhere", kRight, "x=1"),
             ContainsSubstring("HTTP/1.1 404 "));
  const RunningServer open;
  CHECK_THAT(Ask(open, "GET /known", kRight, ""),
             ContainsSubstring("\r\n\r\nno\n"));
}

TEST_CASE("web setup: too many wrong passwords are not checked") {
  const RunningServer server(RunningServer::DefaultRoutes(), {},
                             Source(WithUser()));
  // Base64 of alice:a to alice:e.
  for (const char* wrong : {"YQ==", "Yg==", "Yw==", "ZA==", "ZQ=="}) {
    CHECK_THAT(
        Ask(server, "GET /echo", std::string("Basic YWxpY2U6") + wrong, ""),
        ContainsSubstring("HTTP/1.1 401 "));
  }
  const std::string later = Ask(server, "GET /echo", kWrong, "");
  CHECK_THAT(later, ContainsSubstring("HTTP/1.1 429 "));
  CHECK_THAT(later, ContainsSubstring("Retry-After: 1\r\n"));
}

TEST_CASE("web setup: configured headers replace ours on every response") {
  config::WebConfig config;
  config.headers = {{"X-Frame-Options", "sameorigin"},
                    {"Strict-Transport-Security", "max-age=1"}};
  ServerLimits limits;
  limits.header_bytes = 1000;
  const RunningServer server(RunningServer::DefaultRoutes(), limits,
                             Source(config));
  for (const std::string& line :
       {std::string("GET /echo"), std::string("GET /nowhere"),
        std::string("GET /%00"), std::string("GET /throw"),
        "GET /" + std::string(1100, 'x'), "GET /?" + std::string(300, '&')}) {
    CAPTURE(line);
    const std::string response = Ask(server, line, "", "");
    CHECK_THAT(response,
               ContainsSubstring("\r\nX-Frame-Options: sameorigin\r\n"));
    CHECK(response.find("DENY") == std::string::npos);
    CHECK_THAT(response, ContainsSubstring(
                             "\r\nStrict-Transport-Security: max-age=1\r\n"));
  }
}

TEST_CASE("web setup: the rate limit comes before the password") {
  config::WebConfig config = WithUser();
  config.rate_limit = {std::chrono::seconds(90), 2};
  const RunningServer server(RunningServer::DefaultRoutes(), {},
                             Source(config));
  CHECK_THAT(Ask(server, "GET /echo", kRight, ""),
             ContainsSubstring("HTTP/1.1 200 "));
  CHECK_THAT(Ask(server, "GET /echo", "", ""),
             ContainsSubstring("HTTP/1.1 401 "));
  const std::string refused = Ask(server, "GET /echo", kRight, "");
  CHECK_THAT(refused, ContainsSubstring("HTTP/1.1 429 Too Many Requests\r\n"));
  CHECK_THAT(refused, ContainsSubstring("Retry-After: 90\r\n"));
}

TEST_CASE("web setup: what is remembered of clients outlives a renewal") {
  config::WebConfig config = WithUser();
  config.rate_limit = {std::chrono::seconds(90), 1};
  const WebSetup first(config, nullptr, kClock, nullptr);
  CHECK_FALSE(first.RefuseRate());
  config.headers = {{"X-Frame-Options", "deny"}};
  const WebSetup second(config, nullptr, kClock, &first);
  CHECK(second.RefuseRate());
  config.rate_limit->burst = 2;
  const WebSetup third(config, nullptr, kClock, &second);
  CHECK_FALSE(third.RefuseRate());
}

}  // namespace
}  // namespace leak_exporter::http
