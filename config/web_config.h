#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/config_error.h"

/// What a web configuration file says, in the format of Prometheus's
/// exporter-toolkit: plain structs.
namespace leak_exporter::config {

/// A secret or certificate that stands in the file itself or in a file of its
/// own.
struct PemSource {
  /// The PEM text. Empty where `file` names a file.
  std::string text;
  /// An absolute path, or one relative to the working directory. Empty where
  /// the text is given.
  std::string file;
  /// Where it stands in the web configuration.
  Position position;

  bool empty() const { return text.empty() && file.empty(); }
  bool operator==(const PemSource&) const = default;
};

enum class TlsVersion { kTls10, kTls11, kTls12, kTls13 };

/// Go's tls.ClientAuthType.
enum class ClientCertificate {
  kNone,
  kRequest,
  kRequireAny,
  kVerifyIfGiven,
  kRequireAndVerify,
};

struct TlsServerConfig {
  PemSource certificate;
  PemSource key;
  /// The authorities that client certificates are verified by.
  PemSource client_authorities;
  ClientCertificate client_certificate = ClientCertificate::kNone;
  /// A client's certificate must have one of these as a subject alternative
  /// name. Empty means that any will do.
  std::vector<std::string> client_allowed_names;
  TlsVersion min_version = TlsVersion::kTls12;
  TlsVersion max_version = TlsVersion::kTls13;
  /// Names as IANA and Go write them. Empty means the library's choice.
  std::vector<std::string> cipher_suites;
  /// In the order of preference. Empty means the library's choice.
  std::vector<std::string> curves;

  bool operator==(const TlsServerConfig&) const = default;
};

/// A token bucket for requests.
struct RateLimit {
  /// A request may be answered each interval.
  std::chrono::nanoseconds interval{0};
  /// How many may be answered at once after a time without any.
  size_t burst = 0;

  bool operator==(const RateLimit&) const = default;
};

struct WebConfig {
  std::optional<TlsServerConfig> tls;
  /// Headers of every response.
  std::vector<std::pair<std::string, std::string>> headers;
  /// The bcrypt hash of each user's password. Empty means that nobody has to
  /// authenticate.
  std::map<std::string, std::string> basic_auth_users;
  std::optional<RateLimit> rate_limit;

  bool operator==(const WebConfig&) const = default;
};

}  // namespace leak_exporter::config
