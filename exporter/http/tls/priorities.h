#pragma once

#include <optional>
#include <string>

#include "config/web_config.h"

namespace leak_exporter::http {

/// What kind of key a certificate has. An EdDSA key counts as ECDSA.
enum class KeyKind { kRsa, kEcdsa };

/// GnuTLS priority strings.
struct Priorities {
  /// Of every version that is accepted.
  std::string all;
  /// Of TLS 1.2 and before alone. Its ciphers are those of the configured
  /// suites, which do not restrict TLS 1.3. Empty if no such version is
  /// accepted.
  std::string older;
};

/// Key exchange is always by ephemeral curves. Absent if no version is left:
/// TLS 1.3 is not accepted, and no suite is for a key of this kind.
std::optional<Priorities> MakePriorities(const config::TlsServerConfig& config,
                                         KeyKind key);

}  // namespace leak_exporter::http
