#include "exporter/http/message.h"

#include <string>
#include <vector>

#include "tests/catch.h"

namespace leak_exporter::http {
namespace {

TEST_CASE("message: every value of a parameter comes in the order of the URL") {
  Request request;
  request.query = {{"target", "b"},
                   {"collect[]", "memory"},
                   {"target", "a"},
                   {"Target", "c"},
                   {"target", ""}};
  CHECK(request.QueryValues("target") ==
        std::vector<std::string>{"b", "a", ""});
  CHECK(request.QueryValues("collect[]") == std::vector<std::string>{"memory"});
  CHECK(request.QueryValues("tar").empty());
  CHECK(Request().QueryValues("target").empty());
}

TEST_CASE("message: plain text ends with a newline") {
  const Response response = PlainText(404, "not found");
  CHECK(response.status == 404);
  CHECK(response.content_type == "text/plain; charset=utf-8");
  CHECK(response.body == "not found\n");
  CHECK(response.headers.empty());
  CHECK(PlainText(200, "").body == "\n");
}

TEST_CASE("message: a response is a 200 unless it says otherwise") {
  CHECK(Response().status == 200);
  CHECK(Response().body.empty());
}

}  // namespace
}  // namespace leak_exporter::http
