#include "exporter/http/tls/tls_credentials.h"

#include <string>
#include <utility>
#include <vector>

#include "tests/catch.h"
#include "tests/exporter/http/tls/certificates.h"

namespace leak_exporter::http {
namespace {

config::TlsServerConfig Config(const std::string& certificate,
                               const std::string& key) {
  config::TlsServerConfig config;
  config.certificate = {certificate, "", {3, 9}};
  config.key = {key, "", {5, 9}};
  return config;
}

std::vector<std::string> Mistakes(const config::TlsServerConfig& config) {
  const auto loaded = TlsCredentials::Load(config);
  if (loaded) return {};
  return config::ToStrings("web.yml", loaded.error());
}

TEST_CASE("TLS credentials: certificate and key from the file itself") {
  CHECK(Mistakes(Config(kCertificate, kKey)).empty());
  CHECK(Mistakes(Config(std::string(kCertificate) + kOtherCertificate, kKey))
            .empty());
}

TEST_CASE("TLS credentials: every mistake with its place, and no secret") {
  auto authorities = Config(kCertificate, kKey);
  authorities.client_authorities = {"nonsense", "", {7, 1}};
  auto suites = Config(kCertificate, kKey);
  suites.max_version = config::TlsVersion::kTls12;
  suites.cipher_suites = {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"};
  auto missing = Config("", "");
  missing.certificate.file = "/no/such.pem";
  missing.key.file = "/dev/zero";
  const std::vector<
      std::pair<config::TlsServerConfig, std::vector<std::string>>>
      cases = {
          {Config("nonsense", kKey),
           {"web.yml:3:9: tls_server_config.cert: has no certificate in PEM "
            "format"}},
          {Config(kCertificate, kOtherKey),
           {"web.yml:5:9: tls_server_config.key: is not the key of the "
            "certificate"}},
          {Config(kCertificate, "secret"),
           {"web.yml:5:9: tls_server_config.key: has no private key in PEM "
            "format that can be used without a password"}},
          {authorities,
           {"web.yml:7:1: tls_server_config.client_ca: has no certificate in "
            "PEM format"}},
          {suites,
           {"web.yml:3:9: tls_server_config.cert: none of cipher_suites is for "
            "a key of this kind"}},
          {missing,
           {"web.yml:3:9: tls_server_config.cert_file: /no/such.pem: No such "
            "file or directory",
            "web.yml:5:9: tls_server_config.key_file: /dev/zero: is larger "
            "than 1 MiB"}},
      };
  for (const auto& [config, mistakes] : cases) {
    CHECK(Mistakes(config) == mistakes);
  }
}

}  // namespace
}  // namespace leak_exporter::http
