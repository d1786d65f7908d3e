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

/// Makes a new connection use `tls`, before its handshake, and stores them as
/// its context. A connection without TLS is left alone. Returns false if it
/// must be closed.
bool BeginTls(MHD_Connection* connection,
              const std::shared_ptr<const TlsCredentials>& tls, void** context);
/// Frees the context, once the connection's session is no more.
void EndTls(void** context);

/// What a connection speaks TLS with. Null if it does not.
std::shared_ptr<const TlsCredentials> TlsOf(MHD_Connection* connection);
/// Whether the client has a certificate that was verified.
bool HasVerifiedClient(MHD_Connection* connection);

}  // namespace leak_exporter::http
