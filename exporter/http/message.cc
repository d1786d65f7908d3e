#include "exporter/http/message.h"

namespace leak_exporter::http {

std::vector<std::string> Request::QueryValues(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [key, value] : query) {
    if (key == name) values.push_back(value);
  }
  return values;
}

Headers AllHeaders(const Response& response, const Headers& configured) {
  Headers headers = {{"Content-Type", response.content_type},
                     {"Cache-Control", "no-store"},
                     {"X-Content-Type-Options", "nosniff"},
                     {"X-Frame-Options", "DENY"},
                     {"Referrer-Policy", "no-referrer"}};
  headers.insert(headers.end(), response.headers.begin(),
                 response.headers.end());
  for (const auto& field : configured) {
    std::erase_if(headers, [&field](const auto& other) {
      return other.first == field.first;
    });
    headers.push_back(field);
  }
  return headers;
}

Response PlainText(int status, std::string_view text) {
  Response response;
  response.status = status;
  response.body = text;
  response.body += '\n';
  return response;
}

}  // namespace leak_exporter::http
