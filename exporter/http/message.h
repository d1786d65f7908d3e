#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace leak_exporter::http {

/// Names and values.
using Headers = std::vector<std::pair<std::string, std::string>>;

/// Where a request comes from, as far as its connection tells.
struct Client {
  /// It has proved who it is.
  bool authenticated = false;
  /// It came by a Unix socket or over loopback.
  bool on_this_machine = false;
  /// Whose process has the client's socket, if that is on this machine.
  std::optional<uid_t> owner;
};

/// A request as handlers see it. It names no type of the HTTP library, so that
/// handlers can be tested without a socket.
struct Request {
  /// "GET" also stands for HEAD; the server then sends no body.
  std::string method;
  std::string path;
  /// Unescaped, in the order of the URL.
  std::vector<std::pair<std::string, std::string>> query;
  /// Returns the value of a header, empty if the request does not have it. The
  /// case of `name` does not matter.
  std::function<std::string_view(const char* name)> header;
  /// Looks up the client, which takes reads of /proc. Empty if there is none.
  std::function<Client()> client;

  /// Every value of a query parameter, which may be repeated.
  std::vector<std::string> QueryValues(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  /// Headers in addition to those that the server adds to every response.
  Headers headers;
};

/// Answers one request. Called from many threads at once. An exception is
/// answered with 500.
using Handler = std::function<Response(const Request&)>;

/// A path and the methods that it is served for. GET includes HEAD.
struct Route {
  std::string path;
  std::vector<std::string> methods;
  Handler handler;
};

/// Every header of a response: its own, those that every response has, and
/// those that are configured, which replace others of the same name.
Headers AllHeaders(const Response& response, const Headers& configured);

/// Makes a plain text response. Appends a newline to `text`.
Response PlainText(int status, std::string_view text);

}  // namespace leak_exporter::http
