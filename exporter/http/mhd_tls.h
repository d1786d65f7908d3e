#pragma once

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

#include <memory>

#include "exporter/http/tls/tls_credentials.h"

struct MHD_Connection;

namespace leak_exporter::http {

/// The HTTP library asks for a certificate when it starts. Its sessions get
/// credentials of their own, so that this is never called.
int NoCertificate(gnutls_session_t session, const gnutls_datum_t* authorities,
                  int authority_count, const gnutls_pk_algorithm_t* algorithms,
                  int algorithm_count, gnutls_pcert_st** certificates,
                  unsigned int* certificate_count, gnutls_privkey_t* key);

/// What is kept for a connection until it is closed.
struct ConnectionContext {
  /// Null if it does not speak TLS.
  std::shared_ptr<const TlsCredentials> tls;
  /// The state of a request that has begun. The library does not tell when a
  /// request ends whose head was never whole.
  std::shared_ptr<void> request;
};

/// Gives a new connection its context, and has it use `tls`, if it speaks TLS,
/// before its handshake. Returns false if it must be closed.
bool BeginConnection(MHD_Connection* connection,
                     const std::shared_ptr<const TlsCredentials>& tls,
                     void** context);
/// Frees the context, once the connection's session is no more.
void EndConnection(void** context);
/// Null if there was no memory for one.
ConnectionContext* ContextOf(MHD_Connection* connection);

/// What a connection speaks TLS with. Null if it does not.
std::shared_ptr<const TlsCredentials> TlsOf(MHD_Connection* connection);
/// Whether the client has a certificate that was verified.
bool HasVerifiedClient(MHD_Connection* connection);

}  // namespace leak_exporter::http
