// What a client may write byte by byte, over a socket: whatever it is, the
// answer is a status, and nothing that follows a refused request is answered.

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "exporter/http/tls/client_hello.h"
#include "tests/catch.h"
#include "tests/exporter/http/running_server.h"
#include "tests/exporter/stream_client.h"

namespace leak_exporter::http {
namespace {

const std::string kSmuggled = "GET /echo?smuggled HTTP/1.1\r\nHost: x\r\n\r\n";

/// The statuses of all answers to `text`.
std::vector<std::string> Statuses(const RunningServer& server,
                                  const std::string& text) {
  StreamClient client(server.address());
  client.Send(text);
  client.SendNoMore();
  const std::string answers = client.ReadToEnd();
  std::vector<std::string> statuses;
  const std::string begin = "HTTP/1.1 ";
  for (size_t at = answers.find(begin); at != std::string::npos;
       at = answers.find(begin, at + 1)) {
    // libmicrohttpd 0.9.75 writes the head of a refusal of its own twice.
    const std::string status = answers.substr(at + begin.size(), 3);
    if (status[0] != '4' || statuses.empty() || statuses.back() != status) {
      statuses.push_back(status);
    }
  }
  return statuses;
}

using Expected = std::vector<std::string>;

std::string Post(const std::string& headers, const std::string& rest) {
  return "POST /do HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n" + rest;
}

TEST_CASE("raw requests: loose framing is a 400, and the end") {
  const RunningServer server;
  const auto request = GENERATE(
      Post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
      Post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "0\r\n\r\n"),
      Post("Content-Length: 0\r\nContent-Length: 40\r\n", ""),
      Post("Content-Length: 40\r\nContent-Length: 0\r\n", ""),
      Post("Content-Length: 0\r\nContent-Length: 0\r\n", ""),
      Post("Content-Length : 40\r\n", ""), Post("Content-Length\t: 40\r\n", ""),
      Post(" Content-Length: 40\r\n", ""), Post("Content-Length: 4 0\r\n", ""),
      Post("Content-Length: -1\r\n", ""), Post("Content-Length: \r\n", ""),
      Post("Content-Length: 4\r\n 0\r\n", ""),
      Post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"),
      Post("Transfer-Encoding: identity\r\n", ""),
      Post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"),
      Post("Transfer-Encoding: x\r\n chunked\r\n", "0\r\n\r\n"),
      Post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"),
      Post("Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n",
           "0\r\n\r\n"),
      Post("X: a\rTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
      Post("no colon\r\n", ""), Post("Host: y\r\n", ""),
      std::string("POST /do HTTP/1.1\r\n\r\n"),
      std::string("POST /do HTTP/1.0\r\nTransfer-Encoding: "
                  "chunked\r\n\r\n0\r\n\r\n"),
      std::string("GET /echo%00x HTTP/1.1\r\nHost: x\r\n\r\n"),
      std::string("GET /echo?a=%00 HTTP/1.1\r\nHost: x\r\n\r\n"),
      std::string("GET /echo x HTTP/1.1\r\nHost: x\r\n\r\n"));
  CAPTURE(request);
  CHECK(Statuses(server, request + kSmuggled) == Expected{"400"});
}

TEST_CASE("raw requests: what is well framed is answered, and what follows") {
  const RunningServer server;
  const auto request = GENERATE(
      Post("Content-Length: 5\r\n", "hello"), Post("", ""),
      Post("Transfer-Encoding: CHUNKED\r\n", "5\r\nhello\r\n0\r\n\r\n"),
      std::string("GET /echo?a&b=c%20d HTTP/1.1\r\nhost: \r\n\r\n"));
  CAPTURE(request);
  CHECK(Statuses(server, request + kSmuggled) == Expected{"200", "200"});
}

TEST_CASE("raw requests: HTTP/1.0 needs no Host") {
  const RunningServer server;
  CHECK(Statuses(server, "GET /echo HTTP/1.0\r\n\r\n") == Expected{"200"});
}

std::string Repeat(const std::string& text, size_t times) {
  std::string all;
  for (size_t i = 0; i < times; ++i) all += text;
  return all;
}

TEST_CASE("raw requests: too much of anything has a status") {
  const RunningServer server;
  struct Case {
    std::string what;
    std::string begin;
    std::string repeated;
    std::string end;
    Expected statuses;
  };
  const std::string ending = " HTTP/1.1\r\nHost: x\r\n\r\n";
  const auto tried = GENERATE_COPY(
      Case{"arguments", "GET /echo?", "a&", ending, {"414"}},
      Case{"arguments with values",
           "GET /echo?",
           "collect[]=memory&",
           ending,
           {"414"}},
      Case{"path", "GET /echo/", "0123456789", ending, {"414", "431"}},
      Case{"headers",
           "GET /echo HTTP/1.1\r\nHost: x\r\n",
           "A: b\r\n",
           "\r\n",
           {"431"}},
      Case{"one header",
           "GET /echo HTTP/1.1\r\nHost: x\r\nA: ",
           "0123456789",
           "\r\n\r\n",
           {"431"}},
      Case{"cookies",
           "GET /echo HTTP/1.1\r\nHost: x\r\nCookie: ",
           "a=b; ",
           "\r\n\r\n",
           {"431"}});
  CAPTURE(tried.what);
  // Also where the library's memory just suffices, or just does not.
  size_t refused = 0;
  for (size_t bytes = 1000; bytes < 300'000; bytes += bytes / 16) {
    CAPTURE(bytes);
    const auto statuses = Statuses(
        server, tried.begin +
                    Repeat(tried.repeated, bytes / tried.repeated.size()) +
                    tried.end);
    REQUIRE(statuses.size() == 1);
    if (statuses[0] == "200" || statuses[0] == "404") {
      CHECK(refused == 0);
      CHECK(bytes < 40'000);
    } else {
      ++refused;
      CHECK(std::count(tried.statuses.begin(), tried.statuses.end(),
                       statuses[0]) == 1);
    }
  }
  CHECK(refused > 0);
}

TEST_CASE("raw requests: a chunked body over the limit is a 413") {
  const RunningServer server;
  const std::string chunk = "1000\r\n" + std::string(4096, 'x') + "\r\n";
  CHECK(Statuses(server, Post("Transfer-Encoding: chunked\r\n",
                              Repeat(chunk, 16) + "0\r\n\r\n")) ==
        Expected{"200"});
  CHECK(Statuses(server, Post("Transfer-Encoding: chunked\r\n",
                              Repeat(chunk, 17) + "0\r\n\r\n")) ==
        Expected{"413"});
}

TEST_CASE(
    "raw requests: one that is malformed while the server ends harms nothing") {
  // The library answers it by itself, in a thread of its own: the end of the
  // server must not come between.
  const std::string kNoVersion = "GET / HTTP/9\r\nHost: x\r\n\r\n";
  for (int i = 0; i < 300; ++i) {
    auto server = std::make_unique<RunningServer>();
    std::vector<std::unique_ptr<StreamClient>> clients;
    for (int n = 0; n < 4; ++n) {
      clients.push_back(std::make_unique<StreamClient>(server->address()));
      clients.back()->Send(n % 2 == 0 ? kNoVersion : ClientHello());
    }
    server.reset();
  }
  SUCCEED();
}

}  // namespace
}  // namespace leak_exporter::http
