#include "exporter/cli/listen_address.h"

#include <string>
#include <utility>
#include <vector>

#include "tests/catch.h"

namespace leak_exporter {
namespace {

TEST_CASE("listen_address: every form, and back") {
  const std::vector<std::pair<std::string, ListenAddress>> cases = {
      {"127.0.0.1:10042", {"127.0.0.1", 10042, ""}},
      {"localhost:1", {"localhost", 1, ""}},
      {"host-1.example.org:65535", {"host-1.example.org", 65535, ""}},
      {":9256", {"", 9256, ""}},
      {"[::1]:0", {"::1", 0, ""}},
      {"[::]:80", {"::", 80, ""}},
      {"[fe80::1%eth0]:80", {"fe80::1%eth0", 80, ""}},
      {"[::ffff:127.0.0.1]:80", {"::ffff:127.0.0.1", 80, ""}},
      {"unix:/run/leak_exporter.sock", {"", 0, "/run/leak_exporter.sock"}},
      {"unix:/" + std::string(106, 'a'), {"", 0, "/" + std::string(106, 'a')}},
  };
  for (const auto& [text, expected] : cases) {
    const auto address = ParseListenAddress(text);
    INFO(text);
    REQUIRE(address);
    CHECK(*address == expected);
    CHECK(ToString(*address) == text);
  }
}

TEST_CASE("listen_address: what is wrong is named") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "'' is empty"},
      {"10042", "'10042' has no port"},
      {"localhost", "'localhost' has no port"},
      {"localhost:", "'localhost:' has no port from 0 to 65535"},
      {":", "':' has no port from 0 to 65535"},
      {":65536", "':65536' has no port from 0 to 65535"},
      {":-1", "':-1' has no port from 0 to 65535"},
      {":http", "':http' has no port from 0 to 65535"},
      {":80 ", "':80 ' has no port from 0 to 65535"},
      {"::1:80", "'::1:80' is an IPv6 address without brackets"},
      {"http://h:80", "'http://h:80' is an IPv6 address without brackets"},
      {"a/b:80", "'a/b:80' has no valid host name"},
      {"a b:80", "'a b:80' has no valid host name"},
      {"[::1", "'[::1' has no closing bracket"},
      {"[::1]", "'[::1]' has no port"},
      {"[::1]80", "'[::1]80' has no port"},
      {"[]:80", "'[]:80' has no IPv6 address between its brackets"},
      {"[localhost]:80",
       "'[localhost]:80' has no IPv6 address between its brackets"},
      {"unix:", "'unix:' has no absolute path"},
      {"unix:relative", "'unix:relative' has no absolute path"},
      {std::string("unix:/a\0b", 9), "'unix:/a\\x00b' has a NUL in its path"},
  };
  for (const auto& [text, message] : cases) {
    const auto address = ParseListenAddress(text);
    INFO(message);
    REQUIRE_FALSE(address);
    CHECK(address.error() ==
          message + "; expected host:port, [::1]:port, :port or unix:/path");
  }
  const auto longer = ParseListenAddress("unix:/" + std::string(107, 'a'));
  REQUIRE_FALSE(longer);
  CHECK_THAT(longer.error(), ContainsSubstring("is longer than the 107 bytes"));
}

}  // namespace
}  // namespace leak_exporter
