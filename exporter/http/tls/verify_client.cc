#include "exporter/http/tls/verify_client.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>

#include "exporter/http/tls/owned.h"

namespace leak_exporter::http {
namespace {

// Bounds the loop. Longer names are left out.
constexpr unsigned kMostNames = 1000;
constexpr size_t kMostNameBytes = 2048;

std::string AddressText(const void* bytes, size_t size) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = size == sizeof(in_addr) ? AF_INET : AF_INET6;
  if (size != sizeof(in_addr) && size != sizeof(in6_addr)) return {};
  return ::inet_ntop(family, bytes, text.data(), text.size()) == nullptr
             ? ""
             : text.data();
}

std::string Canonical(const std::string& name) {
  in6_addr bytes{};
  if (::inet_pton(AF_INET, name.c_str(), &bytes) == 1) {
    return AddressText(&bytes, sizeof(in_addr));
  }
  if (::inet_pton(AF_INET6, name.c_str(), &bytes) == 1) {
    return AddressText(&bytes, sizeof(in6_addr));
  }
  return name;
}

bool HasAllowedName(gnutls_x509_crt_t certificate,
                    const AllowedNames& allowed) {
  std::array<char, kMostNameBytes> name{};
  for (unsigned i = 0; i < kMostNames; ++i) {
    size_t size = name.size();
    const int type = ::gnutls_x509_crt_get_subject_alt_name(
        certificate, i, name.data(), &size, nullptr);
    if (type == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE) return false;
    const bool is_text = type == GNUTLS_SAN_DNSNAME ||
                         type == GNUTLS_SAN_RFC822NAME ||
                         type == GNUTLS_SAN_URI;
    if (is_text && allowed.Has(std::string(name.data(), size))) return true;
    if (type == GNUTLS_SAN_IPADDRESS &&
        allowed.Has(AddressText(name.data(), size))) {
      return true;
    }
  }
  return false;
}

}  // namespace

AllowedNames::AllowedNames(const std::vector<std::string>& names) {
  for (const std::string& name : names) names_.push_back(Canonical(name));
}

bool AllowedNames::Has(const std::string& name) const {
  return !name.empty() && std::ranges::find(names_, name) != names_.end();
}

bool HasClientCertificate(gnutls_session_int* session) {
  unsigned count = 0;
  return ::gnutls_certificate_get_peers(session, &count) != nullptr &&
         count > 0;
}

bool VerifiesClient(gnutls_session_int* session, const AllowedNames& allowed) {
  std::string purpose = GNUTLS_KP_TLS_WWW_CLIENT;
  gnutls_typed_vdata_st wanted{GNUTLS_DT_KEY_PURPOSE_OID,
                               reinterpret_cast<unsigned char*>(purpose.data()),
                               0};
  unsigned wrong = 0;
  if (::gnutls_certificate_verify_peers(session, &wanted, 1, &wrong) != 0 ||
      wrong != 0) {
    return false;
  }
  if (allowed.empty()) return true;
  unsigned count = 0;
  const gnutls_datum_t* const chain =
      ::gnutls_certificate_get_peers(session, &count);
  gnutls_x509_crt_t raw = nullptr;
  if (chain == nullptr || count == 0 || ::gnutls_x509_crt_init(&raw) != 0) {
    return false;
  }
  const OwnedCertificate certificate(raw);
  return ::gnutls_x509_crt_import(raw, &chain[0], GNUTLS_X509_FMT_DER) == 0 &&
         HasAllowedName(raw, allowed);
}

}  // namespace leak_exporter::http
