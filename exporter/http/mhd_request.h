#pragma once

#include <string_view>

#include "exporter/http/framing.h"
#include "exporter/http/message.h"

struct MHD_Connection;
struct gnutls_session_int;

namespace leak_exporter::http {

/// The connected socket.
int Descriptor(MHD_Connection* connection);

/// Null if the connection has no TLS.
gnutls_session_int* TlsSession(MHD_Connection* connection);

/// The value of a header, empty if the request does not have it.
std::string_view HeaderValue(MHD_Connection* connection, const char* name);

/// Every header. Valid while the request is.
HeaderFields ReadHeaders(MHD_Connection* connection);

/// The request as handlers see it. Valid while the library's request is.
/// `authenticated` is what its client says of itself.
Request ReadRequest(MHD_Connection* connection, std::string_view path,
                    std::string_view method, bool authenticated);

/// Writes a response to the socket, past the HTTP library, and ends the
/// direction to the client. For requests that the library would close without
/// an answer. It must not have begun to answer, and the caller lets it close
/// the connection. `headers` are all that the response has.
void AnswerPastLibrary(MHD_Connection* connection, const Response& response,
                       const Headers& headers);

}  // namespace leak_exporter::http
