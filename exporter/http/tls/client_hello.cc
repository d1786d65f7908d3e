#include "exporter/http/tls/client_hello.h"

#include <gnutls/gnutls.h>

#include <cerrno>

#include "exporter/http/tls/owned.h"

namespace leak_exporter::http {
namespace {

ssize_t Append(gnutls_transport_ptr_t text, const void* bytes, size_t size) {
  static_cast<std::string*>(text)->append(static_cast<const char*>(bytes),
                                          size);
  return static_cast<ssize_t>(size);
}

ssize_t ReadNothing(gnutls_transport_ptr_t, void*, size_t) {
  errno = EAGAIN;
  return -1;
}

}  // namespace

std::string ClientHello() {
  std::string hello;
  gnutls_certificate_credentials_t raw_credentials = nullptr;
  if (::gnutls_certificate_allocate_credentials(&raw_credentials) != 0) {
    return hello;
  }
  const OwnedCredentials credentials(raw_credentials);
  gnutls_session_t raw = nullptr;
  if (::gnutls_init(&raw, GNUTLS_CLIENT | GNUTLS_NONBLOCK) != 0) return hello;
  const OwnedSession session(raw);
  ::gnutls_priority_set_direct(raw, "NORMAL:+VERS-TLS-ALL", nullptr);
  ::gnutls_credentials_set(raw, GNUTLS_CRD_CERTIFICATE, raw_credentials);
  ::gnutls_transport_set_ptr(raw, &hello);
  ::gnutls_transport_set_push_function(raw, &Append);
  ::gnutls_transport_set_pull_function(raw, &ReadNothing);
  // It fails because nobody answers.
  static_cast<void>(::gnutls_handshake(raw));
  return hello;
}

}  // namespace leak_exporter::http
