#include "exporter/http/server.h"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "tests/catch.h"
#include "tests/exporter/http/running_server.h"
#include "tests/exporter/log/captured_log.h"
#include "tests/exporter/stream_client.h"
#include "tests/scratch_directory.h"

namespace leak_exporter::http {
namespace {

TEST_CASE("server: a handler sees path, query and headers") {
  const RunningServer server;
  StreamClient client(server.address());
  client.Send(
      "GET /echo?collect%5B%5D=memory&collect[]=p%20q&bare&target= HTTP/1.1\r\n"
      "Host: x\r\nACCEPT: text/plain\r\n\r\n");
  const std::string response = client.ReadResponse();
  CHECK_THAT(response, ContainsSubstring("HTTP/1.1 200 OK\r\n"));
  CHECK_THAT(response, ContainsSubstring("\r\n\r\nGET /echo collect[]=memory "
                                         "collect[]=p q bare= target= "
                                         "accept=text/plain\n"));
}

TEST_CASE("server: every response says how a browser must take it") {
  const RunningServer server;
  for (const char* path : {"GET /echo", "GET /nowhere", "DELETE /echo"}) {
    const std::string response = HttpRequest(server.address(), path);
    CHECK_THAT(response, ContainsSubstring("Cache-Control: no-store\r\n"));
    CHECK_THAT(response,
               ContainsSubstring("X-Content-Type-Options: nosniff\r\n"));
    CHECK_THAT(response, ContainsSubstring(
                             "Content-Type: text/plain; charset=utf-8\r\n"));
  }
}

TEST_CASE("server: HEAD is GET without the body") {
  const RunningServer server;
  const std::string response = HttpRequest(server.address(), "HEAD /echo");
  CHECK_THAT(response, ContainsSubstring("HTTP/1.1 200 OK\r\n"));
  CHECK_THAT(response, ContainsSubstring("Content-Length: 18\r\n"));
  CHECK(response.ends_with("\r\n\r\n"));
}

TEST_CASE("server: unknown paths and wrong methods are refused") {
  const RunningServer server;
  for (const char* path :
       {"GET /", "GET /echo/", "GET /ech", "POST /nowhere", "GET *"}) {
    CAPTURE(path);
    CHECK_THAT(HttpRequest(server.address(), path),
               ContainsSubstring("HTTP/1.1 404 Not Found\r\n"));
  }
  const std::string post = HttpRequest(server.address(), "POST /echo");
  CHECK_THAT(post, ContainsSubstring("HTTP/1.1 405 Method Not Allowed\r\n"));
  CHECK_THAT(post, ContainsSubstring("Allow: GET, HEAD\r\n"));
  const std::string get = HttpRequest(server.address(), "GET /do");
  CHECK_THAT(get, ContainsSubstring("HTTP/1.1 405 Method Not Allowed\r\n"));
  CHECK_THAT(get, ContainsSubstring("Allow: POST, PUT\r\n"));
  CHECK_THAT(HttpRequest(server.address(), "PUT /do"),
             ContainsSubstring("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE("server: what a handler throws is a 500 and is logged") {
  const RunningServer server;
  CHECK_THAT(HttpRequest(server.address(), "GET /throw"),
             ContainsSubstring("HTTP/1.1 500 Internal Server Error\r\n"));
  CHECK_THAT(server.log(), ContainsSubstring("out of luck"));
  CHECK_THAT(HttpRequest(server.address(), "GET /echo"),
             ContainsSubstring("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE("server: a connection serves one request after another") {
  const RunningServer server;
  StreamClient client(server.address());
  for (int i = 0; i < 3; ++i) {
    client.Send("GET /echo?n=" + std::to_string(i) +
                " HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK_THAT(client.ReadResponse(),
               ContainsSubstring("n=" + std::to_string(i)));
  }
}

TEST_CASE("server: what is not small is compressed for who takes it") {
  const RunningServer server(
      {{"/large",
        {"GET"},
        [](const Request&) { return PlainText(200, std::string(5000, 'x')); }},
       {"/small", {"GET"}, [](const Request&) {
          return PlainText(200, std::string(500, 'x'));
        }}});
  const auto get = [&](const std::string& path, const std::string& encoding) {
    StreamClient client(server.address());
    client.Send("GET " + path + " HTTP/1.1\r\nHost: x\r\nAccept-Encoding: " +
                encoding + "\r\n\r\n");
    return client.ReadResponse();
  };
  const std::string packed = get("/large", "gzip");
  CHECK_THAT(packed, ContainsSubstring("Content-Encoding: gzip\r\n"));
  CHECK_THAT(packed, ContainsSubstring("Vary: Accept-Encoding\r\n"));
  CHECK_THAT(packed, ContainsSubstring("\r\n\r\n\x1f\x8b"));
  CHECK(packed.size() < 1000);
  for (const std::string& plain :
       {get("/large", "identity"), get("/small", "gzip")}) {
    CHECK(plain.find("Content-Encoding") == std::string::npos);
    CHECK_THAT(plain, ContainsSubstring("xxx\n"));
  }
}

TEST_CASE("server: a Unix socket serves as well, beside TCP") {
  const ScratchDirectory directory;
  ListenAddress address;
  address.unix_path = directory.path() + "/http.sock";
  std::vector<ListenSocket> sockets = Loopback();
  auto unix_sockets = Listen(address);
  REQUIRE(unix_sockets);
  sockets.push_back(std::move(unix_sockets->front()));
  CapturedLog log;
  const Server server(std::move(sockets), {{"/echo", {"GET"}, Echo}},
                      log.logger());
  const auto addresses = server.Addresses();
  REQUIRE(addresses.size() == 2);
  CHECK(addresses[1] == "unix:" + address.unix_path);
  for (const std::string& bound : addresses) {
    CHECK_THAT(HttpRequest(bound, "GET /echo"),
               ContainsSubstring("HTTP/1.1 200 OK\r\n"));
  }
}

TEST_CASE("server: a page of another site may have nothing changed") {
  const RunningServer server;
  for (const char* header :
       {"Origin: http://evil.example", "Sec-Fetch-Site: cross-site"}) {
    StreamClient client(server.address());
    client.Send(std::string("POST /do HTTP/1.1\r\nHost: x\r\n") + header +
                "\r\n\r\n");
    CHECK_THAT(client.ReadResponse(), ContainsSubstring("HTTP/1.1 403 "));
    client.Send(std::string("GET /echo HTTP/1.1\r\nHost: x\r\n") + header +
                "\r\n\r\n");
    CHECK_THAT(client.ReadResponse(), ContainsSubstring("HTTP/1.1 200 "));
  }
}

TEST_CASE("server: idle and half-sent connections hold up nobody") {
  const RunningServer server;
  std::deque<StreamClient> idle;
  for (int i = 0; i < 30; ++i) {
    idle.emplace_back(server.address());
    if (i % 2 == 0) idle.back().Send("GET /echo HTTP/1.1\r\nHo");
  }
  CHECK_THAT(HttpRequest(server.address(), "GET /echo"),
             ContainsSubstring("HTTP/1.1 200 OK\r\n"));
  idle.front().Send("st: x\r\n\r\n");
  CHECK_THAT(idle.front().ReadResponse(),
             ContainsSubstring("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE("server: a connection that says nothing is closed") {
  ServerLimits limits;
  limits.connections.head = std::chrono::milliseconds(50);
  const RunningServer server({}, limits);
  StreamClient client(server.address());
  CHECK(client.ReadToEnd().empty());
}

const std::string kRequest = "GET /echo HTTP/1.1\r\nHost: x\r\n\r\n";

TEST_CASE("server: a new connection is served, the stalest makes room") {
  ServerLimits limits;
  limits.connections.connections = 4;
  const RunningServer server({{"/echo", {"GET"}, Echo}}, limits);
  std::deque<StreamClient> clients;
  for (int i = 0; i < 10; ++i) {
    clients.emplace_back(server.address());
    clients.back().Send(kRequest);
    CHECK_THAT(clients.back().ReadResponse(), ContainsSubstring("200 OK"));
  }
  const auto is_open = [](const StreamClient& client) {
    return !client.AwaitHangUp(/*milliseconds=*/0);
  };
  const auto until =
      std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (std::count_if(clients.begin(), clients.end(), is_open) > 2 &&
         std::chrono::steady_clock::now() < until) {
    ::poll(nullptr, 0, 1);
  }
  REQUIRE(std::count_if(clients.begin(), clients.end(), is_open) == 2);
  // The server may notice a little late that a response was read, so that the
  // last ones can change places.
  for (int i = 0; i < 5; ++i) CHECK_FALSE(is_open(clients[i]));
  for (StreamClient& client : clients) {
    if (!is_open(client)) continue;
    client.Send(kRequest);
    CHECK_THAT(client.ReadResponse(), ContainsSubstring("200 OK"));
  }
}

TEST_CASE("server: heads, bodies and responses have deadlines") {
  ServerLimits limits;
  limits.connections.head = std::chrono::milliseconds(200);
  limits.connections.body = std::chrono::milliseconds(200);
  limits.connections.response_part = std::chrono::milliseconds(200);
  limits.connections.idle = std::chrono::milliseconds(200);
  const RunningServer server({{"/do", {"POST"}, Echo},
                              {"/large",
                               {"GET"},
                               [](const Request&) {
                                 return PlainText(
                                     200, std::string(size_t{32} << 20, 'x'));
                               }}},
                             limits);
  const auto* request =
      GENERATE("GET /large HTT", "GET /large HTTP/1.1\r\nHost: x\r\n",
               "POST /do HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhal",
               "POST /do HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
               "chunked\r\n\r\n9\r\n");
  StreamClient client(server.address());
  client.Send(request);
  CHECK(client.ReadToEnd().empty());

  StreamClient idle(server.address());
  idle.Send("HEAD /large HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK_THAT(idle.ReadToEnd(), ContainsSubstring("HTTP/1.1 200 OK\r\n"));

  StreamClient slow(server.address());
  slow.Send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(slow.AwaitHangUp());
}

TEST_CASE("server: headers over the limit are a 431") {
  const RunningServer server;
  StreamClient client(server.address());
  client.Send("GET /echo HTTP/1.1\r\nHost: x\r\n");
  const std::string header = "X-Filler: " + std::string(1000, 'x') + "\r\n";
  for (int i = 0; i < 200 && client.Send(header); ++i) {
  }
  CHECK_THAT(client.ReadToEnd(), ContainsSubstring("HTTP/1.1 431 "));
  CHECK_THAT(HttpRequest(server.address(), "GET /echo"),
             ContainsSubstring("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE("server: a body where none belongs is refused unread") {
  const RunningServer server;
  for (const char* header :
       {"Transfer-Encoding: chunked", "Content-Length: 209715200"}) {
    StreamClient client(server.address());
    client.Send(std::string("POST /echo HTTP/1.1\r\nHost: x\r\n") + header +
                "\r\n\r\n");
    CHECK_THAT(client.ReadResponse(), ContainsSubstring("HTTP/1.1 405 "));
  }
}

TEST_CASE("server: a body is read up to the limit") {
  const RunningServer server;
  StreamClient small(server.address());
  small.Send("POST /do HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
  CHECK_THAT(small.ReadResponse(), ContainsSubstring("HTTP/1.1 200 OK\r\n"));

  StreamClient large(server.address());
  large.Send(
      "POST /do HTTP/1.1\r\nHost: x\r\nContent-Length: 209715200\r\n\r\n");
  CHECK_THAT(large.ReadResponse(), ContainsSubstring("HTTP/1.1 413 "));

  StreamClient endless(server.address());
  endless.Send(
      "POST /do HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "1000\r\n" + std::string(4096, 'x') + "\r\n";
  int sent = 0;
  while (sent < 10'000 && endless.Send(chunk)) ++sent;
  CHECK(sent < 10'000);
  CHECK_THAT(endless.ReadResponse(), ContainsSubstring("HTTP/1.1 413 "));
}

TEST_CASE("server: ends with open connections and answers what it works on") {
  std::mutex mutex;
  std::condition_variable changed;
  bool handling = false;
  bool released = false;
  const auto handler = [&](const Request&) {
    std::unique_lock lock(mutex);
    handling = true;
    changed.notify_all();
    changed.wait(lock, [&] { return released; });
    return PlainText(200, "done");
  };
  CapturedLog log;
  auto server = std::make_unique<Server>(
      Loopback(), std::vector<Route>{{"/wait", {"GET"}, handler}},
      log.logger());
  StreamClient idle(server->Addresses().front());
  StreamClient waiting(server->Addresses().front());
  waiting.Send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return handling; });
    released = true;
    changed.notify_all();
  }
  server.reset();
  CHECK(idle.ReadToEnd().empty());
}

}  // namespace
}  // namespace leak_exporter::http
