#include "exporter/http/header_list.h"

#include <algorithm>
#include <optional>

#include "metrics/base/ascii.h"

namespace leak_exporter::http {
namespace {

/// Removes the text before the next unquoted separator from `rest` and returns
/// it.
std::string_view TakeUntil(char separator, std::string_view& rest) {
  bool quoted = false;
  size_t end = 0;
  for (; end < rest.size(); ++end) {
    if (quoted && rest[end] == '\\') {
      ++end;
    } else if (rest[end] == '"') {
      quoted = !quoted;
    } else if (!quoted && rest[end] == separator) {
      break;
    }
  }
  end = std::min(end, rest.size());
  const std::string_view taken = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return taken;
}

std::string Unquote(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') {
    return std::string(text);
  }
  std::string plain;
  text = text.substr(1, text.size() - 2);
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    plain += text[i];
  }
  return plain;
}

/// qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] )
std::optional<int> ParseQValue(std::string_view text) {
  if (text.empty() || text.size() > 5) return std::nullopt;
  if (text[0] != '0' && text[0] != '1') return std::nullopt;
  if (text.size() > 1 && text[1] != '.') return std::nullopt;
  int q = (text[0] - '0') * 1000;
  int place = 100;
  for (const char c : text.substr(std::min<size_t>(2, text.size()))) {
    if (c < '0' || c > '9') return std::nullopt;
    q += (c - '0') * place;
    place /= 10;
  }
  return q <= 1000 ? std::optional(q) : std::nullopt;
}

std::optional<HeaderElement> ParseElement(std::string_view text) {
  HeaderElement element;
  element.value = LowerAscii(TrimBlanks(TakeUntil(';', text)));
  if (element.value.empty()) return std::nullopt;
  while (!text.empty()) {
    std::string_view value = TakeUntil(';', text);
    std::string name = LowerAscii(TrimBlanks(TakeUntil('=', value)));
    if (name == "q") {
      const auto q = ParseQValue(TrimBlanks(value));
      if (!q) return std::nullopt;
      element.q = *q;
    } else if (!name.empty()) {
      element.parameters.emplace_back(std::move(name),
                                      Unquote(TrimBlanks(value)));
    }
  }
  return element;
}

}  // namespace

std::string_view HeaderElement::Parameter(std::string_view name) const {
  for (const auto& [key, parameter] : parameters) {
    if (key == name) return parameter;
  }
  return {};
}

std::vector<HeaderElement> ParseHeaderList(std::string_view header) {
  std::vector<HeaderElement> elements;
  while (!header.empty()) {
    if (auto element = ParseElement(TakeUntil(',', header))) {
      elements.push_back(std::move(*element));
    }
  }
  return elements;
}

}  // namespace leak_exporter::http
