#include "exporter/http/tls/tls_credentials.h"

#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "exporter/http/tls/owned.h"
#include "exporter/http/tls/priorities.h"
#include "exporter/http/tls/verify_client.h"
#include "metrics/base/read_file.h"

namespace leak_exporter::http {
namespace {

using config::ClientCertificate;
using config::ConfigError;
using config::ConfigErrors;
using config::PemSource;

constexpr size_t kMostPemBytes = size_t{1} << 20;

/// Adds errors at the key of the source.
class Mistakes {
 public:
  void Add(const PemSource& source, std::string_view key, std::string message) {
    std::string path = "tls_server_config." + std::string(key);
    if (!source.file.empty()) {
      path += "_file";
      message.insert(0, source.file + ": ");
    }
    errors_.push_back(
        ConfigError{source.position, std::move(path), std::move(message)});
  }
  bool empty() const { return errors_.empty(); }
  ConfigErrors Take() { return std::move(errors_); }

 private:
  ConfigErrors errors_;
};

gnutls_datum_t Datum(std::string& text) {
  return {reinterpret_cast<unsigned char*>(text.data()),
          static_cast<unsigned>(text.size())};
}

std::optional<std::string> ReadPem(const PemSource& source,
                                   std::string_view key, Mistakes& mistakes) {
  if (source.file.empty()) return source.text;
  std::string buffer;
  const auto text =
      ReadPrefixAt(AT_FDCWD, source.file.c_str(), kMostPemBytes + 1, buffer);
  if (!text) {
    // Its message begins with the path.
    std::string message = text.error().message;
    const std::string prefix = source.file + ": ";
    if (message.starts_with(prefix)) message.erase(0, prefix.size());
    mistakes.Add(source, key, std::move(message));
    return std::nullopt;
  }
  if (text->size() > kMostPemBytes) {
    mistakes.Add(source, key, "is larger than 1 MiB");
    return std::nullopt;
  }
  return std::string(*text);
}

std::optional<KeyKind> KindOf(std::string& certificate) {
  gnutls_x509_crt_t raw = nullptr;
  if (::gnutls_x509_crt_init(&raw) != 0) return std::nullopt;
  const OwnedCertificate owned(raw);
  const gnutls_datum_t pem = Datum(certificate);
  if (::gnutls_x509_crt_import(raw, &pem, GNUTLS_X509_FMT_PEM) != 0) {
    return std::nullopt;
  }
  const int algorithm = ::gnutls_x509_crt_get_pk_algorithm(raw, nullptr);
  return algorithm == GNUTLS_PK_RSA || algorithm == GNUTLS_PK_RSA_PSS
             ? KeyKind::kRsa
             : KeyKind::kEcdsa;
}

OwnedPriority MakePriority(const std::string& text) {
  gnutls_priority_t raw = nullptr;
  if (::gnutls_priority_init(&raw, text.c_str(), nullptr) != 0) return nullptr;
  return OwnedPriority(raw);
}

void LoadKeyPair(const config::TlsServerConfig& config,
                 gnutls_certificate_credentials_t credentials,
                 std::optional<KeyKind>& kind, Mistakes& mistakes) {
  auto certificate = ReadPem(config.certificate, "cert", mistakes);
  auto key = ReadPem(config.key, "key", mistakes);
  if (certificate) {
    kind = KindOf(*certificate);
    if (!kind) {
      mistakes.Add(config.certificate, "cert",
                   "has no certificate in PEM format");
    }
  }
  if (!certificate || !kind || !key) return;
  const gnutls_datum_t certificate_pem = Datum(*certificate);
  const gnutls_datum_t key_pem = Datum(*key);
  const int error = ::gnutls_certificate_set_x509_key_mem2(
      credentials, &certificate_pem, &key_pem, GNUTLS_X509_FMT_PEM, nullptr, 0);
  if (error >= 0) return;
  mistakes.Add(
      config.key, "key",
      error == GNUTLS_E_CERTIFICATE_KEY_MISMATCH
          ? "is not the key of the certificate"
          : "has no private key in PEM format that can be used without "
            "a password");
}

void LoadAuthorities(const PemSource& source,
                     gnutls_certificate_credentials_t credentials,
                     Mistakes& mistakes) {
  if (source.empty()) return;
  auto text = ReadPem(source, "client_ca", mistakes);
  if (!text) return;
  const gnutls_datum_t pem = Datum(*text);
  const int count = ::gnutls_certificate_set_x509_trust_mem(
      credentials, &pem, GNUTLS_X509_FMT_PEM);
  if (count <= 0) {
    mistakes.Add(source, "client_ca", "has no certificate in PEM format");
  }
}

gnutls_certificate_request_t RequestOf(ClientCertificate wanted) {
  switch (wanted) {
    case ClientCertificate::kNone:
      return GNUTLS_CERT_IGNORE;
    case ClientCertificate::kRequest:
    case ClientCertificate::kVerifyIfGiven:
      return GNUTLS_CERT_REQUEST;
    case ClientCertificate::kRequireAny:
    case ClientCertificate::kRequireAndVerify:
      break;
  }
  return GNUTLS_CERT_REQUIRE;
}

}  // namespace

class TlsCredentials::Implementation {
 public:
  static tl::expected<std::unique_ptr<Implementation>, ConfigErrors> Load(
      const config::TlsServerConfig& config) {
    auto loaded = std::make_unique<Implementation>();
    Mistakes mistakes;
    gnutls_certificate_credentials_t raw = nullptr;
    if (::gnutls_certificate_allocate_credentials(&raw) != 0) {
      mistakes.Add(config.certificate, "cert", "no memory");
      return tl::unexpected(mistakes.Take());
    }
    loaded->credentials_.reset(raw);
    std::optional<KeyKind> kind;
    LoadKeyPair(config, raw, kind, mistakes);
    LoadAuthorities(config.client_authorities, raw, mistakes);
    if (kind) loaded->LoadPriorities(config, *kind, mistakes);
    if (!mistakes.empty()) return tl::unexpected(mistakes.Take());
    loaded->wanted_ = config.client_certificate;
    loaded->allowed_ = AllowedNames(config.client_allowed_names);
    return loaded;
  }

  bool Use(gnutls_session_t session) {
    ::gnutls_session_set_ptr(session, this);
    ::gnutls_certificate_server_set_request(session, RequestOf(wanted_));
    ::gnutls_session_set_verify_function(session, &Implementation::Verify);
    ::gnutls_handshake_set_post_client_hello_function(
        session, &Implementation::ChooseCiphers);
    return ::gnutls_priority_set(session, all_.get()) == 0 &&
           ::gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE,
                                    credentials_.get()) == 0;
  }

  bool Verifies() const {
    return wanted_ == ClientCertificate::kVerifyIfGiven ||
           wanted_ == ClientCertificate::kRequireAndVerify;
  }
  ClientCertificate wanted() const { return wanted_; }

 private:
  void LoadPriorities(const config::TlsServerConfig& config, KeyKind kind,
                      Mistakes& mistakes) {
    const auto priorities = MakePriorities(config, kind);
    if (!priorities) {
      mistakes.Add(config.certificate, "cert",
                   "none of cipher_suites is for a key of this kind");
      return;
    }
    all_ = MakePriority(priorities->all);
    if (!priorities->older.empty()) older_ = MakePriority(priorities->older);
    if (all_ == nullptr || (older_ == nullptr && !priorities->older.empty())) {
      mistakes.Add(config.certificate, "cert",
                   "the TLS library refuses these versions and ciphers");
    }
  }

  /// Called once the version is chosen, before the cipher is.
  static int ChooseCiphers(gnutls_session_t session) {
    const auto& self =
        *static_cast<const Implementation*>(::gnutls_session_get_ptr(session));
    if (self.older_ == nullptr ||
        ::gnutls_protocol_get_version(session) == GNUTLS_TLS1_3) {
      return 0;
    }
    return ::gnutls_priority_set(session, self.older_.get());
  }

  /// Called within the handshake, which fails if the result is not 0. A client
  /// without a certificate has passed if none is required.
  static int Verify(gnutls_session_t session) {
    const auto& self =
        *static_cast<const Implementation*>(::gnutls_session_get_ptr(session));
    if (!self.Verifies() || !HasClientCertificate(session) ||
        VerifiesClient(session, self.allowed_)) {
      return 0;
    }
    ::gnutls_alert_send(session, GNUTLS_AL_FATAL, GNUTLS_A_BAD_CERTIFICATE);
    return GNUTLS_E_CERTIFICATE_ERROR;
  }

  OwnedCredentials credentials_;
  OwnedPriority all_;
  OwnedPriority older_;
  ClientCertificate wanted_ = ClientCertificate::kNone;
  AllowedNames allowed_;
};

TlsCredentials::TlsCredentials(std::unique_ptr<Implementation> implementation)
    : implementation_(std::move(implementation)) {}

TlsCredentials::~TlsCredentials() = default;

TlsCredentials::Loaded TlsCredentials::Load(
    const config::TlsServerConfig& config) {
  auto loaded = Implementation::Load(config);
  if (!loaded) return tl::unexpected(std::move(loaded.error()));
  return std::shared_ptr<const TlsCredentials>(
      new TlsCredentials(std::move(*loaded)));
}

bool TlsCredentials::Use(gnutls_session_int* session) const {
  return implementation_->Use(session);
}

bool TlsCredentials::HasVerified(gnutls_session_int* session) const {
  return implementation_->Verifies() && HasClientCertificate(session);
}

bool TlsCredentials::RequiresVerified() const {
  return implementation_->wanted() == ClientCertificate::kRequireAndVerify;
}

}  // namespace leak_exporter::http
