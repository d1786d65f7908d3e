#pragma once

#include <string>
#include <vector>

struct gnutls_session_int;

namespace leak_exporter::http {

/// The subject alternative names that a client may have: DNS names, mail
/// addresses, URIs and IP addresses. Empty means any.
class AllowedNames {
 public:
  AllowedNames() = default;
  explicit AllowedNames(const std::vector<std::string>& names);

  bool empty() const { return names_.empty(); }
  bool Has(const std::string& name) const;

 private:
  /// IP addresses as inet_ntop(3) writes them.
  std::vector<std::string> names_;
};

/// Whether a session's client has sent a certificate.
bool HasClientCertificate(gnutls_session_int* session);

/// Whether the client's certificate is one for clients, is verified by the
/// authorities of the session's credentials, and has an allowed name.
bool VerifiesClient(gnutls_session_int* session, const AllowedNames& allowed);

}  // namespace leak_exporter::http
