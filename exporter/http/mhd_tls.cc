#include "exporter/http/mhd_tls.h"

#include <microhttpd.h>

#include <new>

#include "exporter/http/mhd_request.h"

namespace leak_exporter::http {
namespace {

using Context = std::shared_ptr<const TlsCredentials>;

}  // namespace

int NoCertificate(gnutls_session_t, const gnutls_datum_t*, int,
                  const gnutls_pk_algorithm_t*, int, gnutls_pcert_st**,
                  unsigned int*, gnutls_privkey_t*) {
  return -1;
}

bool BeginTls(MHD_Connection* connection,
              const std::shared_ptr<const TlsCredentials>& tls,
              void** context) {
  gnutls_session_int* const session = TlsSession(connection);
  if (session == nullptr) return true;
  if (tls == nullptr) return false;
  *context = new (std::nothrow) Context(tls);
  return *context != nullptr && tls->Use(session);
}

void EndTls(void** context) {
  delete static_cast<Context*>(*context);
  *context = nullptr;
}

std::shared_ptr<const TlsCredentials> TlsOf(MHD_Connection* connection) {
  const MHD_ConnectionInfo* info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  if (info == nullptr || info->socket_context == nullptr) return nullptr;
  return *static_cast<const Context*>(info->socket_context);
}

bool HasVerifiedClient(MHD_Connection* connection) {
  const auto tls = TlsOf(connection);
  return tls != nullptr && tls->HasVerified(TlsSession(connection));
}

}  // namespace leak_exporter::http
