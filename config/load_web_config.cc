#include "config/load_web_config.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "config/map_reader.h"
#include "config/nearest.h"
#include "config/read_text.h"
#include "config/yaml_tree.h"
#include "metrics/base/quote.h"

namespace leak_exporter::config {
namespace {

using Kind = YamlNode::Kind;

template <typename T>
struct Named {
  std::string_view name;
  T value;
};

constexpr std::array<Named<TlsVersion>, 4> kVersions = {
    {{"TLS10", TlsVersion::kTls10},
     {"TLS11", TlsVersion::kTls11},
     {"TLS12", TlsVersion::kTls12},
     {"TLS13", TlsVersion::kTls13}}};
constexpr std::array<Named<ClientCertificate>, 6> kClientCertificates = {
    {{"NoClientCert", ClientCertificate::kNone},
     {"RequestClientCert", ClientCertificate::kRequest},
     {"RequireAnyClientCert", ClientCertificate::kRequireAny},
     {"RequireClientCert", ClientCertificate::kRequireAny},
     {"VerifyClientCertIfGiven", ClientCertificate::kVerifyIfGiven},
     {"RequireAndVerifyClientCert", ClientCertificate::kRequireAndVerify}}};
// Those that Go's crypto/tls calls secure, and that GnuTLS has. TLS 1.3 chooses
// its own.
constexpr std::array<std::string_view, 13> kCipherSuites = {
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"};
constexpr std::array<std::string_view, 4> kCurves = {"CurveP256", "CurveP384",
                                                     "CurveP521", "X25519"};

std::string_view NameIn(std::string_view name) { return name; }
template <typename T>
std::string_view NameIn(const Named<T>& named) {
  return named.name;
}

/// "expected one of A, B", with the nearest name if there is one.
template <typename Names>
std::string Expected(const std::string& text, const Names& names) {
  std::vector<std::string> all;
  for (const auto& name : names) all.emplace_back(NameIn(name));
  std::string expected = DidYouMean(text, all) + "; expected one of ";
  for (size_t i = 0; i < all.size(); ++i) {
    expected += (i > 0 ? ", " : "") + all[i];
  }
  return expected;
}

template <typename T, size_t N>
void ReadNamed(MapReader& map, std::string_view key,
               const std::array<Named<T>, N>& names, T& value) {
  std::string text;
  map.String(
      key,
      [&](const std::string& given) -> std::optional<std::string> {
        const auto found = std::ranges::find(names, given, &Named<T>::name);
        if (found == names.end()) {
          return "is unknown" + Expected(given, names);
        }
        value = found->value;
        return std::nullopt;
      },
      text);
}

template <size_t N>
Check OneOf(const std::array<std::string_view, N>& names) {
  return [&names](const std::string& given) -> std::optional<std::string> {
    if (std::ranges::find(names, given) != names.end()) return std::nullopt;
    return "is unknown" + Expected(given, names);
  };
}

std::optional<std::string> AcceptAny(const std::string& /*text*/) {
  return std::nullopt;
}

/// Reads a text that may have several lines. Empty where it is absent or wrong.
std::string ReadLines(MapReader& map, std::string_view key) {
  const YamlNode* const node = map.Find(key);
  if (node == nullptr) return {};
  if (node->kind != Kind::kScalar || node->text.empty()) {
    map.errors().Add(node->position, map.PathOf(key),
                     SayWhatItIs(*node) + "; expected a text in PEM format");
    return {};
  }
  return node->text;
}

PemSource ReadPem(MapReader& map, const std::string& key,
                  const std::string& directory) {
  PemSource source;
  const std::string file_key = key + "_file";
  source.text = ReadLines(map, key);
  map.String(file_key, AcceptAny, source.file);
  if (!source.text.empty() && !source.file.empty()) {
    map.errors().Add(map.Find(file_key)->position, map.PathOf(file_key),
                     "is given besides " + key + "; expected one of them");
  }
  if (const YamlNode* const node =
          map.Find(source.file.empty() ? key : file_key)) {
    source.position = node->position;
  }
  if (!source.file.empty() && source.file[0] != '/') {
    source.file.insert(0, directory);
  }
  return source;
}

void CheckTls(MapReader& map, const TlsServerConfig& tls) {
  if (tls.certificate.empty()) map.Missing("cert_file", "this or cert");
  if (tls.key.empty()) map.Missing("key_file", "this or key");
  const bool verifies =
      tls.client_certificate == ClientCertificate::kVerifyIfGiven ||
      tls.client_certificate == ClientCertificate::kRequireAndVerify;
  if (verifies && tls.client_authorities.empty()) {
    map.Missing("client_ca_file",
                "this or client_ca, for client_auth_type to verify by");
  }
  if (!tls.client_authorities.empty() &&
      tls.client_certificate == ClientCertificate::kNone) {
    map.Missing("client_auth_type",
                "one such as RequireAndVerifyClientCert, for the client CA");
  }
  if (!tls.client_allowed_names.empty() && !verifies) {
    map.Missing("client_auth_type",
                "VerifyClientCertIfGiven or RequireAndVerifyClientCert, for "
                "client_allowed_sans");
  }
  if (tls.min_version > tls.max_version) {
    map.errors().Add(map.Find("min_version") != nullptr
                         ? map.Find("min_version")->position
                         : map.Find("max_version")->position,
                     map.PathOf("min_version"), "is above max_version");
  }
}

void ReadTls(MapReader map, const std::string& directory,
             TlsServerConfig& tls) {
  tls.certificate = ReadPem(map, "cert", directory);
  tls.key = ReadPem(map, "key", directory);
  tls.client_authorities = ReadPem(map, "client_ca", directory);
  ReadNamed(map, "client_auth_type", kClientCertificates,
            tls.client_certificate);
  map.Strings("client_allowed_sans", AcceptAny, tls.client_allowed_names);
  ReadNamed(map, "min_version", kVersions, tls.min_version);
  ReadNamed(map, "max_version", kVersions, tls.max_version);
  map.Strings("cipher_suites", OneOf(kCipherSuites), tls.cipher_suites);
  bool without_effect = false;
  map.Bool("prefer_server_cipher_suites", without_effect);
  map.Strings("curve_preferences", OneOf(kCurves), tls.curves);
  map.RejectOthers();
  CheckTls(map, tls);
}

std::optional<std::string> CheckHeaderValue(const std::string& text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') {
      return "has a control character in it";
    }
  }
  return std::nullopt;
}

void ReadHeaders(MapReader map,
                 std::vector<std::pair<std::string, std::string>>& headers) {
  static constexpr std::array<std::string_view, 1> kTypeOptions = {"nosniff"};
  static constexpr std::array<std::string_view, 2> kFrameOptions = {
      "deny", "sameorigin"};
  const std::array<std::pair<const char*, Check>, 5> known = {
      {{"Strict-Transport-Security", CheckHeaderValue},
       {"X-Content-Type-Options", OneOf(kTypeOptions)},
       {"X-Frame-Options", OneOf(kFrameOptions)},
       {"X-XSS-Protection", CheckHeaderValue},
       {"Content-Security-Policy", CheckHeaderValue}}};
  for (const auto& [name, check] : known) {
    const YamlNode* const node = map.Find(name);
    // "Unset if blank."
    if (node == nullptr || node->kind == Kind::kNull ||
        (node->kind == Kind::kScalar && node->text.empty())) {
      continue;
    }
    std::string value;
    map.String(name, check, value);
    if (!value.empty()) headers.emplace_back(name, std::move(value));
  }
  map.RejectOthers();
}

void ReadHttp(MapReader map, WebConfig& config) {
  bool without_effect = false;
  map.Bool("http2", without_effect);
  if (const YamlNode* const node = map.Find("headers")) {
    ReadHeaders(MapReader(*node, map.PathOf("headers"), map.errors()),
                config.headers);
  }
  map.RejectOthers();
}

/// What is wrong with a bcrypt hash such as "$2y$10$", 22 characters of salt
/// and 31 of hash (crypt(5)). A cost above 16 would take seconds for each new
/// password.
std::optional<std::string> CheckBcrypt(const std::string& hash) {
  constexpr std::string_view kAlphabet =
      "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  constexpr size_t kLength = 60;
  const bool good =
      hash.size() == kLength && hash.starts_with("$2") &&
      std::string_view("aby").find(hash[2]) != std::string_view::npos &&
      hash[3] == '$' && hash[4] >= '0' && hash[4] <= '9' && hash[5] >= '0' &&
      hash[5] <= '9' && hash[6] == '$' &&
      hash.find_first_not_of(kAlphabet, 7) == std::string::npos;
  if (!good) return "is no bcrypt hash; expected one such as htpasswd -B makes";
  const int cost = (hash[4] - '0') * 10 + (hash[5] - '0');
  if (cost < 4 || cost > 16) {
    return "has the cost " + std::to_string(cost) + "; expected 4 to 16";
  }
  return std::nullopt;
}

void ReadUsers(const YamlNode& node, const std::string& path, ErrorList& errors,
               std::map<std::string, std::string>& users) {
  // Says what else than a map, and which key twice, is wrong.
  MapReader map(node, path, errors);
  for (const YamlEntry& entry : node.entries) {
    if (entry.key->kind != Kind::kScalar) continue;
    const std::string& user = entry.key->text;
    const std::string user_path = map.PathOf(user);
    if (user.find(':') != std::string::npos) {
      errors.Add(entry.key->position, user_path,
                 "has a colon in it, which no client can send");
      continue;
    }
    // A hash is a secret, so that no message shows it.
    const YamlNode& value = *entry.value;
    const auto wrong = value.kind == Kind::kScalar
                           ? CheckBcrypt(value.text)
                           : std::optional<std::string>("has no bcrypt hash");
    if (wrong) {
      errors.Add(value.position, user_path, *wrong);
    } else {
      users.emplace(user, value.text);
    }
  }
}

void ReadRateLimit(MapReader map, std::optional<RateLimit>& limit) {
  RateLimit given;
  const YamlNode* const interval = map.Find("interval");
  const bool off = interval != nullptr && interval->kind == Kind::kScalar &&
                   (interval->text == "0" || interval->text == "0s");
  if (!off) map.Duration("interval", given.interval);
  map.Count("burst", given.burst);
  map.RejectOthers();
  if (given.interval.count() > 0 && given.burst == 0) {
    map.Missing("burst", "at least 1, or every request would be refused");
  }
  // The toolkit's limiter without an interval lets everything pass.
  if (given.interval.count() > 0) limit = given;
}

}  // namespace

WebConfigResult ParseWebConfig(std::string_view text,
                               const std::string& directory) {
  const auto root = ParseYaml(text);
  if (!root) return tl::unexpected(ConfigErrors{root.error()});
  WebConfig config;
  ErrorList errors;
  MapReader map(**root, "", errors);
  const auto below = [&](const char* key, const auto& read) {
    if (const YamlNode* const node = map.Find(key)) {
      read(*node, map.PathOf(key));
    }
  };
  below(
      "tls_server_config", [&](const YamlNode& node, const std::string& path) {
        const bool empty = node.kind == Kind::kNull ||
                           (node.kind == Kind::kMap && node.entries.empty());
        if (empty) return;
        ReadTls(MapReader(node, path, errors), directory, config.tls.emplace());
      });
  below("http_server_config",
        [&](const YamlNode& node, const std::string& path) {
          ReadHttp(MapReader(node, path, errors), config);
        });
  below("basic_auth_users", [&](const YamlNode& node, const std::string& path) {
    ReadUsers(node, path, errors, config.basic_auth_users);
  });
  below("rate_limit", [&](const YamlNode& node, const std::string& path) {
    ReadRateLimit(MapReader(node, path, errors), config.rate_limit);
  });
  map.RejectOthers();
  ConfigErrors found = errors.Take();
  if (!found.empty()) return tl::unexpected(std::move(found));
  return config;
}

WebConfigResult LoadWebConfig(const std::string& path) {
  const auto text = ReadText(path);
  if (!text) return tl::unexpected(text.error());
  const size_t slash = path.rfind('/');
  return ParseWebConfig(
      *text, slash == std::string::npos ? "" : path.substr(0, slash + 1));
}

}  // namespace leak_exporter::config
