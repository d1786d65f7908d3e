#include "exporter/http/client_trust.h"

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "tests/catch.h"

namespace leak_exporter::http {
namespace {

constexpr uid_t kOwnUser = 900;
constexpr uid_t kUser = 1000;

using Headers = std::map<std::string, std::string>;

Request From(const Client& client, const Headers& headers) {
  Request request;
  request.client = [client] { return client; };
  request.header = [kept = std::make_shared<Headers>(headers)](
                       const char* name) -> std::string_view {
    const auto found = kept->find(name);
    return found == kept->end() ? std::string_view() : found->second;
  };
  return request;
}

Client OnThisMachine(uid_t owner) {
  return {.on_this_machine = true, .owner = owner};
}

Trust Judge(const Client& client, const Headers& headers) {
  return ClientTrust("Box.example.com", kOwnUser).Of(From(client, headers));
}

TEST_CASE("trust: root and the exporter's user see everything") {
  const uid_t owner = GENERATE(uid_t{0}, kOwnUser);
  const Trust trust = Judge(OnThisMachine(owner), {{"Host", "localhost"}});
  CHECK(trust.MaySeeEverything());
  CHECK(trust.MaySee(kUser));
  CHECK(trust.MaySee(std::nullopt));
}

TEST_CASE("trust: another user sees what is his own") {
  const Trust trust = Judge(OnThisMachine(kUser), {{"Host", "localhost"}});
  CHECK_FALSE(trust.MaySeeEverything());
  CHECK(trust.MaySee(kUser));
  CHECK_FALSE(trust.MaySee(0));
  CHECK_FALSE(trust.MaySee(std::nullopt));
}

TEST_CASE("trust: the client asks by a name of this machine") {
  struct Case {
    const char* host;
    bool trusted;
  };
  const auto [host, trusted] = GENERATE(
      Case{"localhost:10042", true}, Case{"LocalHost", true},
      Case{"127.0.0.1:10042", true}, Case{"[::1]:10042", true},
      Case{"[::1]", true}, Case{"box.example.com:1", true}, Case{"box", true},
      Case{"evil.example:10042", false}, Case{"", false}, Case{":10042", false},
      Case{"localhost.evil.example", false}, Case{"127.0.0.1.evil", false},
      Case{"[::1", false}, Case{"[evil]", false}, Case{"box.example", false});
  CAPTURE(host);
  CHECK(Judge(OnThisMachine(0), {{"Host", host}}).MaySeeEverything() ==
        trusted);
}

TEST_CASE("trust: nobody is trusted from elsewhere, unless authenticated") {
  Client client;
  client.owner = 0;
  CHECK_FALSE(Judge(client, {{"Host", "127.0.0.1"}}).MaySeeEverything());
  client.authenticated = true;
  CHECK(Judge(client, {{"Host", "x.example"}}).MaySeeEverything());
  client = {.on_this_machine = true, .owner = std::nullopt};
  CHECK_FALSE(Judge(client, {{"Host", "127.0.0.1"}}).MaySeeEverything());
  CHECK_FALSE(ClientTrust("box", 0).Of(Request{}).MaySeeEverything());
}

TEST_CASE("trust: what a proxy passes on is from elsewhere") {
  const auto* header =
      GENERATE("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "Via");
  CHECK_FALSE(Judge(OnThisMachine(0), {{"Host", "localhost"}, {header, "x"}})
                  .MaySeeEverything());
}

TEST_CASE("trust: pages of other sites are refused, curl and our own are not") {
  struct Case {
    Headers headers;
    bool refused;
  };
  const auto [headers, refused] = GENERATE(
      Case{{}, false}, Case{{{"Sec-Fetch-Site", "none"}}, false},
      Case{{{"Sec-Fetch-Site", "same-origin"}, {"Origin", "http://X:1"}},
           false},
      Case{{{"Origin", "http://x:1"}}, false},
      Case{{{"Origin", "https://x:1"}}, false},
      Case{{{"Sec-Fetch-Site", "cross-site"}}, true},
      Case{{{"Sec-Fetch-Site", "same-site"}}, true},
      Case{{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "http://x:1"}}, true},
      Case{{{"Origin", "http://evil.example"}}, true},
      Case{{{"Origin", "http://x:2"}}, true}, Case{{{"Origin", "null"}}, true});
  Headers all = headers;
  all["Host"] = "x:1";
  CAPTURE(headers);
  const auto refusal = RefuseCrossSite(From({}, all));
  CHECK(refusal.has_value() == refused);
  if (refusal) CHECK(refusal->status == 403);
}

}  // namespace
}  // namespace leak_exporter::http
