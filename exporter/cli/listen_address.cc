#include "exporter/cli/listen_address.h"

#include <sys/un.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstddef>

#include "metrics/base/quote.h"

namespace leak_exporter {
namespace {

constexpr std::string_view kUnixPrefix = "unix:";
constexpr std::string_view kExpected =
    "; expected host:port, [::1]:port, :port or unix:/path";
// The longest host name that DNS knows (RFC 1035, 2.3.4).
constexpr size_t kLongestHost = 253;

tl::unexpected<std::string> Wrong(std::string_view text, std::string_view why) {
  return tl::unexpected(Quote(text) + " " + std::string(why) +
                        std::string(kExpected));
}

tl::expected<ListenAddress, std::string> ParseUnix(std::string_view text) {
  const std::string_view path = text.substr(kUnixPrefix.size());
  if (path.empty() || path[0] != '/') {
    return Wrong(text, "has no absolute path");
  }
  if (path.find('\0') != std::string_view::npos) {
    return Wrong(text, "has a NUL in its path");
  }
  // sun_path must also hold the terminating NUL.
  if (path.size() >= sizeof(sockaddr_un{}.sun_path)) {
    return Wrong(text, "is longer than the 107 bytes of a socket's path");
  }
  ListenAddress address;
  address.unix_path = path;
  return address;
}

bool IsHostCharacter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' ||
         c == '.' || c == '_';
}

// The text between brackets is an IPv6 address, perhaps with its interface.
bool IsIpv6Character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == ':' ||
         c == '.' || c == '%' || c == '-' || c == '_';
}

tl::expected<ListenAddress, std::string> WithPort(std::string_view text,
                                                  std::string_view host,
                                                  std::string_view port) {
  ListenAddress address;
  address.host = host;
  const char* const end = port.data() + port.size();
  const auto [parsed, error] = std::from_chars(port.data(), end, address.port);
  if (port.empty() || error != std::errc() || parsed != end) {
    return Wrong(text, "has no port from 0 to 65535");
  }
  return address;
}

tl::expected<ListenAddress, std::string> ParseBracketed(std::string_view text) {
  const size_t close = text.find(']');
  if (close == std::string_view::npos) {
    return Wrong(text, "has no closing bracket");
  }
  const std::string_view host = text.substr(1, close - 1);
  if (host.find(':') == std::string_view::npos || host.size() > kLongestHost ||
      !std::all_of(host.begin(), host.end(), IsIpv6Character)) {
    return Wrong(text, "has no IPv6 address between its brackets");
  }
  const std::string_view rest = text.substr(close + 1);
  if (rest.empty() || rest[0] != ':') return Wrong(text, "has no port");
  return WithPort(text, host, rest.substr(1));
}

}  // namespace

tl::expected<ListenAddress, std::string> ParseListenAddress(
    std::string_view text) {
  if (text.empty()) return Wrong(text, "is empty");
  if (text.starts_with(kUnixPrefix)) return ParseUnix(text);
  if (text[0] == '[') return ParseBracketed(text);
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return Wrong(text, "has no port");
  const std::string_view host = text.substr(0, colon);
  if (host.find(':') != std::string_view::npos) {
    return Wrong(text, "is an IPv6 address without brackets");
  }
  if (host.size() > kLongestHost ||
      !std::all_of(host.begin(), host.end(), IsHostCharacter)) {
    return Wrong(text, "has no valid host name");
  }
  return WithPort(text, host, text.substr(colon + 1));
}

std::string ToString(const ListenAddress& address) {
  if (!address.unix_path.empty()) {
    return std::string(kUnixPrefix) + address.unix_path;
  }
  const bool ipv6 = address.host.find(':') != std::string::npos;
  return (ipv6 ? "[" + address.host + "]" : address.host) + ":" +
         std::to_string(address.port);
}

}  // namespace leak_exporter
