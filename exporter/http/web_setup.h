#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "config/web_config.h"
#include "exporter/http/auth/authentication.h"
#include "exporter/http/auth/token_bucket.h"
#include "exporter/http/message.h"
#include "exporter/http/tls/tls_credentials.h"
#include "metrics/base/clock.h"

namespace leak_exporter::http {

/// What a web configuration asks of requests and responses, ready for use. Is
/// replaced as a whole. Thread-safe.
class WebSetup {
 public:
  /// Asks for nothing.
  WebSetup() = default;
  /// `tls` and `before` may be null. What it remembers of clients is kept if
  /// its users or its rate limit are the same. `clock` must outlive this
  /// object.
  WebSetup(config::WebConfig config, std::shared_ptr<const TlsCredentials> tls,
           const Clock& clock, const WebSetup* before);

  /// Whether a client needs a user and a password.
  bool Authenticates() const { return authentication_ != nullptr; }
  /// Whether nobody is answered who has not said who he is.
  bool IdentifiesClients() const {
    return Authenticates() || (tls_ != nullptr && tls_->RequiresVerified());
  }
  /// Whether what clients send and read is encrypted.
  bool Encrypts() const { return tls_ != nullptr; }
  /// Null if TLS is not spoken.
  const std::shared_ptr<const TlsCredentials>& tls() const { return tls_; }
  /// Of every response.
  const Headers& headers() const { return config_.headers; }
  const config::WebConfig& config() const { return config_; }

  /// Counts a request. The answer if there have been too many.
  std::optional<Response> RefuseRate() const;
  /// The answer to a request that does not authenticate. `address` is the
  /// client's, `authorization` the value of that header. Waits while a password
  /// is checked.
  std::optional<Response> RefuseUser(std::string_view address,
                                     std::string_view authorization) const;

 private:
  config::WebConfig config_;
  std::shared_ptr<const TlsCredentials> tls_;
  std::shared_ptr<Authentication> authentication_;
  std::shared_ptr<TokenBucket> rate_limit_;
};

/// Gives the setup that is in force. Never null. Called from many threads.
using WebSetupSource = std::function<std::shared_ptr<const WebSetup>()>;

}  // namespace leak_exporter::http
