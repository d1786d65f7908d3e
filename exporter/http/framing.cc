#include "exporter/http/framing.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <system_error>

#include "metrics/base/ascii.h"

namespace leak_exporter::http {
namespace {

// What the HTTP library and we keep for a header or argument besides its text.
constexpr size_t kRecordBytes = 80;

// The headers that say where a request ends and whom it is for.
constexpr std::array<std::string_view, 3> kFramingHeaders = {
    "Content-Length", "Transfer-Encoding", "Host"};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

/// RFC 9110, 5.6.2.
bool IsTokenCharacter(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool IsControl(char c) {
  return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7f';
}

bool IsName(std::string_view name) {
  return !name.empty() &&
         std::all_of(name.begin(), name.end(), IsTokenCharacter);
}

/// libmicrohttpd 0.9.75 adds a continued line to the name of its header.
bool IsContinued(std::string_view name) {
  return std::any_of(kFramingHeaders.begin(), kFramingHeaders.end(),
                     [name](std::string_view framing) {
                       return name.size() > framing.size() &&
                              EqualsIgnoringCase(name.substr(0, framing.size()),
                                                 framing);
                     });
}

std::vector<std::string_view> Values(const HeaderFields& headers,
                                     std::string_view name) {
  std::vector<std::string_view> values;
  for (const auto& [key, value] : headers) {
    if (EqualsIgnoringCase(key, name)) values.push_back(TrimBlanks(value));
  }
  return values;
}

Response BadRequest(std::string_view why) { return PlainText(400, why); }

std::optional<Response> RefuseCharacters(const HeaderFields& headers) {
  for (const auto& [name, value] : headers) {
    if (!IsName(name) || IsContinued(name)) {
      return BadRequest("a header's name is not a token");
    }
    if (std::any_of(value.begin(), value.end(), IsControl)) {
      return BadRequest("a header's value has a control character");
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Response> RefuseFraming(std::string_view version,
                                      const HeaderFields& headers) {
  if (auto refusal = RefuseCharacters(headers)) return refusal;
  const size_t hosts = Values(headers, "Host").size();
  if (hosts > 1) return BadRequest("more than one Host");
  if (hosts == 0 && version == "HTTP/1.1") return BadRequest("no Host");
  const auto lengths = Values(headers, "Content-Length");
  const auto codings = Values(headers, "Transfer-Encoding");
  if (lengths.size() > 1) return BadRequest("more than one Content-Length");
  if (!lengths.empty() && !codings.empty()) {
    return BadRequest("Content-Length with Transfer-Encoding");
  }
  if (!lengths.empty() &&
      (lengths[0].empty() ||
       !std::all_of(lengths[0].begin(), lengths[0].end(), IsDigit))) {
    return BadRequest("Content-Length is not a number");
  }
  if (!codings.empty() && (codings.size() > 1 || version != "HTTP/1.1" ||
                           !EqualsIgnoringCase(codings[0], "chunked"))) {
    return BadRequest("Transfer-Encoding is not chunked");
  }
  return std::nullopt;
}

std::optional<Response> RefuseTarget(std::string_view target) {
  if (target.find("%00") != std::string_view::npos) {
    return BadRequest("the path or query has a NUL");
  }
  if (std::any_of(target.begin(), target.end(), [](char c) {
        return c == ' ' || c == '\t' || IsControl(c);
      })) {
    return BadRequest("the path or query has a space or control character");
  }
  return std::nullopt;
}

std::optional<Response> RefuseHeadSize(std::string_view target,
                                       const HeaderFields& headers,
                                       size_t most) {
  size_t size = target.size();
  for (const auto& [name, value] : headers) {
    size += name.size() + value.size() + kRecordBytes;
    if (EqualsIgnoringCase(name, "Cookie")) {
      const auto more = std::count(value.begin(), value.end(), ';');
      size += static_cast<size_t>(more) * kRecordBytes;
    }
  }
  if (size <= most) return std::nullopt;
  return PlainText(431, "request headers too large");
}

std::optional<size_t> BodyLength(const HeaderFields& headers) {
  if (!Values(headers, "Transfer-Encoding").empty()) return std::nullopt;
  const auto lengths = Values(headers, "Content-Length");
  if (lengths.empty()) return 0;
  size_t bytes = 0;
  const auto [end, code] = std::from_chars(
      lengths[0].data(), lengths[0].data() + lengths[0].size(), bytes);
  return code == std::errc{} ? bytes : std::numeric_limits<size_t>::max();
}

}  // namespace leak_exporter::http
