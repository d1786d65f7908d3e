#pragma once

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include <memory>
#include <type_traits>

namespace leak_exporter::http {

template <auto kFree>
struct GnutlsFree {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};

/// Owns an object of GnuTLS, whose handles are pointers.
template <typename Handle, auto kFree>
using GnutlsOwned =
    std::unique_ptr<std::remove_pointer_t<Handle>, GnutlsFree<kFree>>;

using OwnedCredentials = GnutlsOwned<gnutls_certificate_credentials_t,
                                     &::gnutls_certificate_free_credentials>;
using OwnedSession = GnutlsOwned<gnutls_session_t, &::gnutls_deinit>;
using OwnedPriority = GnutlsOwned<gnutls_priority_t, &::gnutls_priority_deinit>;
using OwnedCertificate =
    GnutlsOwned<gnutls_x509_crt_t, &::gnutls_x509_crt_deinit>;

}  // namespace leak_exporter::http
