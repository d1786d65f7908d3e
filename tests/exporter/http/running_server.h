#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "exporter/http/server.h"
#include "tests/catch.h"
#include "tests/exporter/log/captured_log.h"

namespace leak_exporter::http {

inline Response Echo(const Request& request) {
  std::string text = request.method + " " + request.path;
  for (const auto& [key, value] : request.query) {
    text += " " + key + "=" + value;
  }
  text += " accept=";
  text += request.header("accept");
  return PlainText(200, text);
}

[[noreturn]] inline Response Throw(const Request&) {
  throw std::runtime_error("out of luck");
}

inline std::vector<ListenSocket> Loopback() {
  ListenAddress address;
  address.host = "127.0.0.1";
  auto sockets = Listen(address);
  REQUIRE(sockets);
  return std::move(*sockets);
}

/// Says "yes" to whoever is authenticated.
inline Response AmIKnown(const Request& request) {
  return PlainText(200, request.client().authenticated ? "yes" : "no");
}

/// A server on a port that the kernel chose.
class RunningServer {
 public:
  explicit RunningServer(std::vector<Route> routes = DefaultRoutes(),
                         const ServerLimits& limits = {},
                         WebSetupSource web = nullptr)
      : server_(Loopback(), std::move(routes), log_.logger(), limits,
                std::move(web)) {}

  static std::vector<Route> DefaultRoutes() {
    return {{"/echo", {"GET"}, Echo},
            {"/do", {"POST", "PUT"}, Echo},
            {"/known", {"GET"}, AmIKnown},
            {"/throw", {"GET"}, Throw}};
  }

  std::string address() const { return server_.Addresses().front(); }
  std::string log() const { return log_.text(); }

 private:
  CapturedLog log_;
  Server server_;
};

}  // namespace leak_exporter::http
