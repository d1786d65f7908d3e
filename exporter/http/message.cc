#include "exporter/http/message.h"

namespace leak_exporter::http {

std::vector<std::string> Request::QueryValues(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [key, value] : query) {
    if (key == name) values.push_back(value);
  }
  return values;
}

Response PlainText(int status, std::string_view text) {
  Response response;
  response.status = status;
  response.body = text;
  response.body += '\n';
  return response;
}

}  // namespace leak_exporter::http
