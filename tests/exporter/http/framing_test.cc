#include "exporter/http/framing.h"

#include <limits>
#include <string>
#include <vector>

#include "tests/catch.h"

namespace leak_exporter::http {
namespace {

/// The status and text of the refusal; empty if there is none.
std::string Said(const std::optional<Response>& refusal) {
  if (!refusal) return "";
  return std::to_string(refusal->status) + " " + refusal->body;
}

HeaderFields WithHost(HeaderFields headers) {
  headers.insert(headers.begin(), {"Host", "localhost:10042"});
  return headers;
}

TEST_CASE("framing: what divides requests in one way only passes") {
  const auto headers = GENERATE(
      HeaderFields{}, HeaderFields{{"Content-Length", "5"}},
      HeaderFields{{"content-length", " 0 "}},
      HeaderFields{{"Transfer-Encoding", "Chunked"}},
      HeaderFields{{"X-Content-Length", "1"}, {"X-Content-Length", "2"}},
      HeaderFields{{"Accept", "a,\tb"}, {"X", ""}, {"X-Name", "\xc3\xa4"}});
  CHECK(Said(RefuseFraming("HTTP/1.1", WithHost(headers))).empty());
}

TEST_CASE("framing: what another server may divide otherwise is a 400") {
  struct Case {
    HeaderFields headers;
    std::string why;
  };
  const auto [headers, why] = GENERATE(
      Case{{{"Content-Length", "4"}, {"Transfer-Encoding", "chunked"}},
           "Content-Length with Transfer-Encoding"},
      Case{{{"Content-Length", "4"}, {"Content-Length", "5"}},
           "more than one Content-Length"},
      Case{{{"Content-Length", "4"}, {"content-length", "4"}},
           "more than one Content-Length"},
      Case{{{"Content-Length", ""}}, "Content-Length is not a number"},
      Case{{{"Content-Length", "4, 4"}}, "Content-Length is not a number"},
      Case{{{"Content-Length", "+4"}}, "Content-Length is not a number"},
      Case{{{"Content-Length", "0x4"}}, "Content-Length is not a number"},
      Case{{{"Transfer-Encoding", "xchunked"}},
           "Transfer-Encoding is not chunked"},
      Case{{{"Transfer-Encoding", "identity"}},
           "Transfer-Encoding is not chunked"},
      Case{{{"Transfer-Encoding", "gzip, chunked"}},
           "Transfer-Encoding is not chunked"},
      Case{{{"Transfer-Encoding", ""}}, "Transfer-Encoding is not chunked"},
      Case{{{"Transfer-Encoding", "chunked"}, {"Transfer-Encoding", "x"}},
           "Transfer-Encoding is not chunked"},
      Case{{{"Content-Length ", "4"}}, "a header's name is not a token"},
      Case{{{" X", "4"}}, "a header's name is not a token"},
      Case{{{"", "4"}}, "a header's name is not a token"},
      Case{{{"Transfer-Encodingchunked", ""}},
           "a header's name is not a token"},
      Case{{{"X", "a\rContent-Length: 5"}},
           "a header's value has a control character"},
      Case{{{"host", "other"}}, "more than one Host"});
  CAPTURE(why);
  CHECK(Said(RefuseFraming("HTTP/1.1", WithHost(headers))) ==
        "400 " + why + "\n");
}

TEST_CASE("framing: HTTP/1.1 names a host, and alone has chunks") {
  CHECK(Said(RefuseFraming("HTTP/1.1", {})) == "400 no Host\n");
  CHECK(Said(RefuseFraming("HTTP/1.0", {})).empty());
  CHECK(Said(RefuseFraming("HTTP/1.0", {{"Transfer-Encoding", "chunked"}})) ==
        "400 Transfer-Encoding is not chunked\n");
}

TEST_CASE("framing: a target has no NUL, space or control character") {
  CHECK(Said(RefuseTarget("/metrics?collect%5B%5D=a%20b")).empty());
  CHECK(Said(RefuseTarget("/metrics%00x")) ==
        "400 the path or query has a NUL\n");
  CHECK(Said(RefuseTarget("/?a=%00")) == "400 the path or query has a NUL\n");
  const auto* target = GENERATE("/a b", "/a\tb", "/a\rb", "/a\x7f");
  CHECK(Said(RefuseTarget(target)) ==
        "400 the path or query has a space or control character\n");
}

TEST_CASE("framing: a head takes only so much memory") {
  CHECK(Said(RefuseHeadSize("/123", {{"a", "b"}}, 4 + 2 + 80)).empty());
  CHECK(Said(RefuseHeadSize("/123", {{"a", "bc"}}, 4 + 2 + 80)) ==
        "431 request headers too large\n");
  CHECK(
      Said(RefuseHeadSize("/", {{"cookie", "a=b;c=d"}}, 1 + 13 + 160)).empty());
  CHECK_FALSE(
      Said(RefuseHeadSize("/", {{"cookie", "a=b;c=d"}}, 1 + 13 + 159)).empty());
}

TEST_CASE("framing: the length of a body") {
  CHECK(BodyLength({}) == 0);
  CHECK(BodyLength({{"Content-Length", "12 "}}) == 12);
  CHECK(BodyLength({{"Content-Length", "99999999999999999999999"}}) ==
        std::numeric_limits<size_t>::max());
  CHECK(BodyLength({{"Transfer-Encoding", "chunked"}}) == std::nullopt);
}

}  // namespace
}  // namespace leak_exporter::http
