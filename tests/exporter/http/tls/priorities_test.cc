#include "exporter/http/tls/priorities.h"

#include <gnutls/gnutls.h>

#include "tests/catch.h"

namespace leak_exporter::http {
namespace {

using config::TlsVersion;

const std::string kBegin = "NORMAL:-VERS-ALL";
const std::string kExchange = ":-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:-CIPHER-ALL";
const std::string kMac = ":-MAC-ALL:+AEAD:+SHA1:-GROUP-ALL";
const std::string kAllGroups =
    ":+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:+GROUP-SECP521R1";
const std::string kEnd = ":%SERVER_PRECEDENCE";
const std::string kNewCiphers = ":+AES-256-GCM:+CHACHA20-POLY1305:+AES-128-GCM";
const std::string kAllCiphers = kNewCiphers + ":+AES-256-CBC:+AES-128-CBC";

bool IsAccepted(const std::string& priority) {
  gnutls_priority_t parsed = nullptr;
  if (::gnutls_priority_init(&parsed, priority.c_str(), nullptr) != 0) {
    return false;
  }
  ::gnutls_priority_deinit(parsed);
  return true;
}

TEST_CASE("priorities: TLS 1.2 and 1.3 with every suite by default") {
  const auto priorities = MakePriorities({}, KeyKind::kRsa);
  REQUIRE(priorities);
  CHECK(priorities->all == kBegin + ":+VERS-TLS1.3:+VERS-TLS1.2" + kExchange +
                               kAllCiphers + kMac + kAllGroups + kEnd);
  CHECK(priorities->older == kBegin + ":+VERS-TLS1.2" + kExchange +
                                 kAllCiphers + kMac + kAllGroups + kEnd);
  CHECK(IsAccepted(priorities->all));
  CHECK(IsAccepted(priorities->older));
}

TEST_CASE("priorities: suites of another key do not count") {
  config::TlsServerConfig config;
  config.min_version = TlsVersion::kTls10;
  config.cipher_suites = {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
                          "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"};
  config.curves = {"CurveP384", "X25519"};
  const std::string groups = ":+GROUP-SECP384R1:+GROUP-X25519";
  const auto rsa = MakePriorities(config, KeyKind::kRsa);
  REQUIRE(rsa);
  CHECK(rsa->older == kBegin + ":+VERS-TLS1.2:+VERS-TLS1.1:+VERS-TLS1.0" +
                          kExchange + ":+AES-128-CBC" + kMac + groups + kEnd);
  CHECK(rsa->all ==
        kBegin + ":+VERS-TLS1.3:+VERS-TLS1.2:+VERS-TLS1.1:+VERS-TLS1.0" +
            kExchange + kNewCiphers + ":+AES-128-CBC" + kMac + groups + kEnd);
  const auto ecdsa = MakePriorities(config, KeyKind::kEcdsa);
  REQUIRE(ecdsa);
  CHECK_THAT(ecdsa->older, ContainsSubstring("-CIPHER-ALL:+AES-256-GCM:-MAC"));
}

TEST_CASE("priorities: without a suite for the key, only TLS 1.3 is left") {
  config::TlsServerConfig config;
  config.cipher_suites = {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"};
  const auto priorities = MakePriorities(config, KeyKind::kEcdsa);
  REQUIRE(priorities);
  CHECK(priorities->older.empty());
  CHECK_THAT(priorities->all,
             ContainsSubstring(kBegin + ":+VERS-TLS1.3" + kExchange));
  config.max_version = TlsVersion::kTls12;
  CHECK_FALSE(MakePriorities(config, KeyKind::kEcdsa));
  CHECK(MakePriorities(config, KeyKind::kRsa));
}

}  // namespace
}  // namespace leak_exporter::http
