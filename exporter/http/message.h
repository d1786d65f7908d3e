#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace leak_exporter::http {

/// What handlers see of a request: no library's types, so that they are tested
/// without a socket.
struct Request {
  /// "GET" also for HEAD: the server leaves the body out.
  std::string method;
  std::string path;
  /// Unescaped, in the order of the URL.
  std::vector<std::pair<std::string, std::string>> query;
  /// A header's value by its name, any case; empty where there is none.
  std::function<std::string_view(const char* name)> header;

  /// All values of a parameter that may be repeated.
  std::vector<std::string> QueryValues(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  /// Besides those that the server adds to every response.
  std::vector<std::pair<std::string, std::string>> headers;
};

/// Answers one request. Called from many threads at once. What it throws
/// becomes a 500.
using Handler = std::function<Response(const Request&)>;

/// A path that is served, for the methods that it takes. GET includes HEAD.
struct Route {
  std::string path;
  std::vector<std::string> methods;
  Handler handler;
};

/// A plain text answer; a newline ends it.
Response PlainText(int status, std::string_view text);

}  // namespace leak_exporter::http
