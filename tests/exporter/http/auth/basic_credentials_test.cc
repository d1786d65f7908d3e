#include "exporter/http/auth/basic_credentials.h"

#include <string>

#include "tests/catch.h"

namespace leak_exporter::http {
namespace {

TEST_CASE("basic credentials: user and password") {
  struct Case {
    const char* header;
    const char* user;
    const char* password;
  };
  for (const Case& c :
       {Case{"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame"},
        Case{"bAsIc   YTpiOmM= ", "a", "b:c"}, Case{"Basic Og==", "", ""},
        Case{"Basic dGVzdDoxMjPCow==", "test", "123£"}}) {
    INFO(c.header);
    const auto credentials = ParseBasicCredentials(c.header);
    REQUIRE(credentials);
    CHECK(credentials->user == c.user);
    CHECK(credentials->password == c.password);
  }
}

TEST_CASE("basic credentials: whatever else is sent is none") {
  for (const std::string header :
       {"", "Basic", "Basic ",
        "Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "BasicYTpi", "Basic YTpi!",
        "Basic YTp", "Basic YTpi=", "Basic ====", "Basic =YTp",
        "Basic YWI=", "Basic YTpiAA==", "Basic YT\npi"}) {
    INFO(header);
    CHECK_FALSE(ParseBasicCredentials(header));
  }
  CHECK_FALSE(ParseBasicCredentials("Basic " + std::string(1024, 'Y')));
}

}  // namespace
}  // namespace leak_exporter::http
