#include "exporter/http/mhd_request.h"

#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <sys/socket.h>

#include <cstring>
#include <string>
#include <utility>

#include "exporter/http/client_socket.h"

namespace leak_exporter::http {
namespace {

MHD_Result AppendArgument(void* query, MHD_ValueKind /*kind*/, const char* key,
                          size_t key_size, const char* value,
                          size_t value_size) {
  static_cast<decltype(Request::query)*>(query)->emplace_back(
      std::string(key, key_size),
      value == nullptr ? std::string() : std::string(value, value_size));
  return MHD_YES;
}

MHD_Result AppendHeader(void* headers, MHD_ValueKind /*kind*/, const char* key,
                        size_t key_size, const char* value, size_t value_size) {
  static_cast<HeaderFields*>(headers)->emplace_back(
      std::string_view(key, key_size),
      value == nullptr ? std::string_view()
                       : std::string_view(value, value_size));
  return MHD_YES;
}

}  // namespace

int Descriptor(MHD_Connection* connection) {
  const MHD_ConnectionInfo* info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  return info == nullptr ? -1 : info->connect_fd;
}

gnutls_session_int* TlsSession(MHD_Connection* connection) {
  const MHD_ConnectionInfo* info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
  return info == nullptr ? nullptr
                         : static_cast<gnutls_session_t>(info->tls_session);
}

std::string_view HeaderValue(MHD_Connection* connection, const char* name) {
  const char* value = nullptr;
  size_t size = 0;
  if (MHD_lookup_connection_value_n(connection, MHD_HEADER_KIND, name,
                                    std::strlen(name), &value,
                                    &size) == MHD_NO ||
      value == nullptr) {
    return {};
  }
  return {value, size};
}

HeaderFields ReadHeaders(MHD_Connection* connection) {
  HeaderFields headers;
  MHD_get_connection_values_n(connection, MHD_HEADER_KIND, &AppendHeader,
                              &headers);
  return headers;
}

Request ReadRequest(MHD_Connection* connection, std::string_view path,
                    std::string_view method, bool authenticated) {
  Request request;
  request.path = path;
  request.method = method == "HEAD" ? "GET" : method;
  MHD_get_connection_values_n(connection, MHD_GET_ARGUMENT_KIND,
                              &AppendArgument, &request.query);
  request.header = [connection](const char* name) {
    return HeaderValue(connection, name);
  };
  request.client = [connection, authenticated] {
    Client client = ReadClient(Descriptor(connection));
    client.authenticated = authenticated;
    return client;
  };
  return request;
}

void AnswerPastLibrary(MHD_Connection* connection, const Response& response,
                       const Headers& headers) {
  std::string text =
      "HTTP/1.1 " + std::to_string(response.status) + " " +
      MHD_get_reason_phrase_for(static_cast<unsigned>(response.status)) +
      "\r\nConnection: close";
  for (const auto& [name, value] : headers) {
    text += "\r\n" + name + ": " + value;
  }
  text += "\r\nContent-Length: " + std::to_string(response.body.size()) +
          "\r\n\r\n" + response.body;
  const int fd = Descriptor(connection);
  if (fd < 0) return;
  // Into the empty buffer of a socket that has not been written to.
  if (gnutls_session_int* const session = TlsSession(connection)) {
    static_cast<void>(::gnutls_record_send(session, text.data(), text.size()));
    static_cast<void>(::gnutls_bye(session, GNUTLS_SHUT_WR));
  } else {
    static_cast<void>(
        ::send(fd, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
  }
  ::shutdown(fd, SHUT_WR);
}

}  // namespace leak_exporter::http
