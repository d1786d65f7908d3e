#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace leak_exporter::http {

/// What a client sends to authenticate with a password (RFC 7617).
struct BasicCredentials {
  std::string user;
  std::string password;
};

/// Parses the value of an Authorization header. Absent if it has another
/// scheme, is not valid base64, has no colon or a NUL in it, or is longer than
/// 1024 bytes.
std::optional<BasicCredentials> ParseBasicCredentials(std::string_view header);

}  // namespace leak_exporter::http
