#pragma once

#include <memory>
#include <tl/expected.hpp>

#include "config/config_error.h"
#include "config/web_config.h"

struct gnutls_session_int;

namespace leak_exporter::http {

/// A server's certificate and key, and what it asks of TLS clients. Immutable
/// and thread-safe.
class TlsCredentials {
 public:
  using Loaded =
      tl::expected<std::shared_ptr<const TlsCredentials>, config::ConfigErrors>;

  /// Reads the files that the configuration names, each of at most 1 MiB.
  static Loaded Load(const config::TlsServerConfig& config);
  ~TlsCredentials();
  TlsCredentials(const TlsCredentials&) = delete;
  TlsCredentials& operator=(const TlsCredentials&) = delete;

  /// Makes a session of a server use these, before its handshake. They must
  /// outlive it. The handshake fails for a client that does not have the
  /// certificate which is asked for. Returns false if there is no memory.
  bool Use(gnutls_session_int* session) const;
  /// Whether the client of a session which uses these has a certificate that
  /// was verified.
  bool HasVerified(gnutls_session_int* session) const;
  /// Whether no client without such a certificate comes through the handshake.
  bool RequiresVerified() const;

 private:
  class Implementation;

  explicit TlsCredentials(std::unique_ptr<Implementation> implementation);

  std::unique_ptr<Implementation> implementation_;
};

}  // namespace leak_exporter::http
