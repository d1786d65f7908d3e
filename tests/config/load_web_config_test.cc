#include "config/load_web_config.h"

#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/config_file.h"

namespace leak_exporter::config {
namespace {

const std::string kHash =
    "$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG";

WebConfig Parsed(const std::string& text) {
  const auto config = ParseWebConfig(text, "/etc/web/");
  if (!config) {
    for (const ConfigError& error : config.error()) {
      FAIL_CHECK(ToString("", error));
    }
    FAIL();
  }
  return *config;
}

// Every error as line:column: key: message, in order.
std::vector<std::string> Errors(const std::string& text) {
  const auto config = ParseWebConfig(text, "");
  std::vector<std::string> shown;
  if (config) return shown;
  for (const ConfigError& error : config.error()) {
    shown.push_back(ToString("", error).substr(1));
  }
  return shown;
}

TEST_CASE("web config: an empty file asks for nothing") {
  CHECK(Parsed("") == WebConfig{});
  CHECK(Parsed("tls_server_config:\nhttp_server_config:\n"
               "basic_auth_users:\nrate_limit:\n") == WebConfig{});
  CHECK(Parsed("tls_server_config: {}\nbasic_auth_users: {}\n") == WebConfig{});
}

TEST_CASE("web config: every key of the toolkit's format") {
  const WebConfig config = Parsed(R"(
tls_server_config:
  cert_file: server.crt
  key_file: /secret/server.key
  client_ca_file: ca.pem
  client_auth_type: RequireAndVerifyClientCert
  client_allowed_sans: [prometheus.example, 10.0.0.1]
  min_version: TLS12
  max_version: TLS13
  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]
  prefer_server_cipher_suites: false
  curve_preferences: [X25519, CurveP256]
http_server_config:
  http2: true
  headers:
    Strict-Transport-Security: max-age=31536000
    X-Content-Type-Options: nosniff
    X-Frame-Options: deny
    X-XSS-Protection: '1'
    Content-Security-Policy: default-src 'self'
basic_auth_users:
  alice: )" + kHash + R"(
  "Bob Builder": )" + kHash + R"(
rate_limit:
  interval: 100ms
  burst: 20
)");
  REQUIRE(config.tls);
  CHECK(config.tls->certificate.file == "/etc/web/server.crt");
  CHECK(config.tls->key.file == "/secret/server.key");
  CHECK(config.tls->client_authorities.file == "/etc/web/ca.pem");
  CHECK(config.tls->client_certificate == ClientCertificate::kRequireAndVerify);
  CHECK(config.tls->client_allowed_names ==
        std::vector<std::string>{"prometheus.example", "10.0.0.1"});
  CHECK(config.tls->min_version == TlsVersion::kTls12);
  CHECK(config.tls->max_version == TlsVersion::kTls13);
  CHECK(config.tls->cipher_suites ==
        std::vector<std::string>{"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"});
  CHECK(config.tls->curves == std::vector<std::string>{"X25519", "CurveP256"});
  CHECK(config.headers.size() == 5);
  CHECK(config.headers[1] == std::pair<std::string, std::string>(
                                 "X-Content-Type-Options", "nosniff"));
  CHECK(config.basic_auth_users.size() == 2);
  CHECK(config.basic_auth_users.at("Bob Builder") == kHash);
  REQUIRE(config.rate_limit);
  CHECK(config.rate_limit->interval == std::chrono::milliseconds(100));
  CHECK(config.rate_limit->burst == 20);
}

TEST_CASE("web config: certificate and key may stand in the file") {
  const WebConfig config = Parsed(
      "tls_server_config:\n"
      "  cert: |\n"
      "    -----BEGIN CERTIFICATE-----\n"
      "    AAAA\n"
      "    -----END CERTIFICATE-----\n"
      "  key: |\n"
      "    -----BEGIN PRIVATE KEY-----\n"
      "    BBBB\n"
      "    -----END PRIVATE KEY-----\n");
  REQUIRE(config.tls);
  CHECK_THAT(config.tls->certificate.text,
             ContainsSubstring("-----BEGIN CERTIFICATE-----\nAAAA\n"));
  CHECK_THAT(config.tls->key.text,
             ContainsSubstring("BBBB\n-----END PRIVATE KEY-----"));
  CHECK(config.tls->key.file.empty());
}

TEST_CASE("web config: blank headers and a limit of 0 are off") {
  const WebConfig config = Parsed(
      "http_server_config: {headers: {X-Frame-Options: '', "
      "X-XSS-Protection: }}\n"
      "rate_limit: {interval: 0s, burst: 5}\n");
  CHECK(config.headers.empty());
  CHECK_FALSE(config.rate_limit);
}

TEST_CASE("web config: every error with its place") {
  struct Case {
    std::string text;
    std::vector<std::string> errors;
  };
  const std::vector<Case> cases = {
      {"tls_server_confg: {}",
       {"1:1: tls_server_confg: is an unknown key (did you mean "
        "tls_server_config?); expected one of tls_server_config, "
        "http_server_config, basic_auth_users, rate_limit"}},
      {"tls_server_config: {min_version: TLS12}",
       {"1:20: tls_server_config.cert_file: is missing; expected this or cert",
        "1:20: tls_server_config.key_file: is missing; expected this or key"}},
      {"tls_server_config:\n  cert_file: a\n  cert: x\n  key_file: b\n",
       {"2:14: tls_server_config.cert_file: is given besides cert; expected "
        "one of them"}},
      {"tls_server_config: {cert_file: a, key_file: b, client_ca_file: c}",
       {"1:20: tls_server_config.client_auth_type: is missing; expected one "
        "such as RequireAndVerifyClientCert, for the client CA"}},
      {"tls_server_config: {cert_file: a, key_file: b, client_auth_type: "
       "VerifyClientCertIfGiven}",
       {"1:20: tls_server_config.client_ca_file: is missing; expected this or "
        "client_ca, for client_auth_type to verify by"}},
      {"tls_server_config:\n  cert_file: a\n  key_file: b\n"
       "  min_version: TLS13\n  max_version: TLS12\n",
       {"4:16: tls_server_config.min_version: is above max_version"}},
      {"tls_server_config: {cert_file: a, key_file: b, min_version: TLS9}",
       {"1:61: tls_server_config.min_version: 'TLS9' is unknown; expected one "
        "of TLS10, TLS11, TLS12, TLS13"}},
      {"tls_server_config: {cert_file: a, key_file: b, curve_preferences: "
       "[CurveP25]}",
       {"1:68: tls_server_config.curve_preferences[0]: 'CurveP25' is unknown "
        "(did "
        "you mean CurveP256?); expected one of CurveP256, CurveP384, "
        "CurveP521, X25519"}},
      {"http_server_config: {headers: {Server: me}}",
       {"1:32: http_server_config.headers.Server: is an unknown key; expected "
        "one of Strict-Transport-Security, X-Content-Type-Options, "
        "X-Frame-Options, X-XSS-Protection, Content-Security-Policy"}},
      {"http_server_config: {headers: {X-Frame-Options: allow}}",
       {"1:49: http_server_config.headers.X-Frame-Options: 'allow' is unknown; "
        "expected one of deny, sameorigin"}},
      {"basic_auth_users: {alice: secret}",
       {"1:27: basic_auth_users.alice: is no bcrypt hash; expected one such as "
        "htpasswd -B makes"}},
      {"basic_auth_users: {alice: $2y$17$" + kHash.substr(7) + "}",
       {"1:27: basic_auth_users.alice: has the cost 17; expected 4 to 16"}},
      {"basic_auth_users: [alice]",
       {"1:19: basic_auth_users: is a list; expected keys with values"}},
      {"rate_limit: {interval: 1s}",
       {"1:13: rate_limit.burst: is missing; expected at least 1, or every "
        "request would be refused"}},
      {"rate_limit: {interval: 5}",
       {"1:24: rate_limit.interval: '5' has no unit; expected a duration such "
        "as 5 minutes"}},
  };
  for (const Case& wrong : cases) {
    INFO(wrong.text);
    CHECK(Errors(wrong.text) == wrong.errors);
  }
}

TEST_CASE("web config: no message shows a secret") {
  const std::string secret = "$2y$10$NotQuiteAHash";
  for (const std::string& error :
       Errors("basic_auth_users: {alice: " + secret + "}\n")) {
    CHECK(error.find(secret) == std::string::npos);
  }
}

TEST_CASE("web config: paths are relative to the file") {
  const ConfigFile file("tls_server_config: {cert_file: a.crt, key_file: b}\n");
  const auto config = LoadWebConfig(file.path());
  REQUIRE(config);
  const std::string directory =
      file.path().substr(0, file.path().rfind('/') + 1);
  CHECK(config->tls->certificate.file == directory + "a.crt");
  const auto missing = LoadWebConfig("/no/such/file");
  REQUIRE_FALSE(missing);
  CHECK(ToString("web.yml", missing.error()[0]) ==
        "web.yml: No such file or directory");
}

}  // namespace
}  // namespace leak_exporter::config
