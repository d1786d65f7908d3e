#include "exporter/http/routes.h"

#include <algorithm>
#include <string>
#include <utility>

namespace leak_exporter::http {
namespace {

Response MethodNotAllowed(const Route& route) {
  Response response = PlainText(405, "method not allowed");
  std::string allow;
  for (const std::string& method : route.methods) {
    if (!allow.empty()) allow += ", ";
    allow += method == "GET" ? "GET, HEAD" : method;
  }
  response.headers.emplace_back("Allow", std::move(allow));
  return response;
}

bool Takes(const Route& route, std::string_view method) {
  if (method == "HEAD") method = "GET";
  return std::find(route.methods.begin(), route.methods.end(), method) !=
         route.methods.end();
}

}  // namespace

Routes::Routes(std::vector<Route> routes) : routes_(std::move(routes)) {}

const Route* Routes::Find(std::string_view path) const {
  const auto route =
      std::find_if(routes_.begin(), routes_.end(),
                   [path](const Route& r) { return r.path == path; });
  return route == routes_.end() ? nullptr : &*route;
}

std::optional<Response> Routes::Refuse(std::string_view path,
                                       std::string_view method) const {
  const Route* route = Find(path);
  if (route == nullptr) return PlainText(404, "not found");
  if (!Takes(*route, method)) return MethodNotAllowed(*route);
  return std::nullopt;
}

}  // namespace leak_exporter::http
