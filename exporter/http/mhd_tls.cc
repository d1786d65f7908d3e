#include "exporter/http/mhd_tls.h"

#include <microhttpd.h>

#include <new>

#include "exporter/http/mhd_request.h"

namespace leak_exporter::http {
int NoCertificate(gnutls_session_t, const gnutls_datum_t*, int,
                  const gnutls_pk_algorithm_t*, int, gnutls_pcert_st**,
                  unsigned int*, gnutls_privkey_t*) {
  return -1;
}

bool BeginConnection(MHD_Connection* connection,
                     const std::shared_ptr<const TlsCredentials>& tls,
                     void** context) {
  auto* const made = new (std::nothrow) ConnectionContext();
  *context = made;
  if (made == nullptr) return false;
  gnutls_session_int* const session = TlsSession(connection);
  if (session == nullptr) return true;
  made->tls = tls;
  return tls != nullptr && tls->Use(session);
}

void EndConnection(void** context) {
  delete static_cast<ConnectionContext*>(*context);
  *context = nullptr;
}

ConnectionContext* ContextOf(MHD_Connection* connection) {
  const MHD_ConnectionInfo* info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  return info == nullptr
             ? nullptr
             : static_cast<ConnectionContext*>(info->socket_context);
}

std::shared_ptr<const TlsCredentials> TlsOf(MHD_Connection* connection) {
  const ConnectionContext* const context = ContextOf(connection);
  return context == nullptr ? nullptr : context->tls;
}

bool HasVerifiedClient(MHD_Connection* connection) {
  const auto tls = TlsOf(connection);
  return tls != nullptr && tls->HasVerified(TlsSession(connection));
}

}  // namespace leak_exporter::http
