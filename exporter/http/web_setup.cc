#include "exporter/http/web_setup.h"

#include <chrono>
#include <string>
#include <utility>

namespace leak_exporter::http {
namespace {

Response TooManyRequests(std::string_view why, std::chrono::nanoseconds wait) {
  Response response = PlainText(429, why);
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait);
  response.headers.emplace_back("Retry-After", std::to_string(seconds.count()));
  return response;
}

}  // namespace

WebSetup::WebSetup(config::WebConfig config,
                   std::shared_ptr<const TlsCredentials> tls,
                   const Clock& clock, const WebSetup* before)
    : config_(std::move(config)), tls_(std::move(tls)) {
  if (before != nullptr &&
      before->config_.basic_auth_users == config_.basic_auth_users) {
    authentication_ = before->authentication_;
  } else if (!config_.basic_auth_users.empty()) {
    authentication_ =
        std::make_shared<Authentication>(config_.basic_auth_users, clock);
  }
  if (before != nullptr && before->config_.rate_limit == config_.rate_limit) {
    rate_limit_ = before->rate_limit_;
  } else if (config_.rate_limit) {
    rate_limit_ = std::make_shared<TokenBucket>(
        config_.rate_limit->interval, config_.rate_limit->burst, clock);
  }
}

std::optional<Response> WebSetup::RefuseRate() const {
  if (rate_limit_ == nullptr) return std::nullopt;
  const auto wait = rate_limit_->Take();
  if (!wait) return std::nullopt;
  return TooManyRequests("too many requests", *wait);
}

std::optional<Response> WebSetup::RefuseUser(
    std::string_view address, std::string_view authorization) const {
  if (authentication_ == nullptr) return std::nullopt;
  switch (authentication_->Check(address, authorization)) {
    case Authentication::Verdict::kRight:
      return std::nullopt;
    case Authentication::Verdict::kLater:
      return TooManyRequests("too many passwords to check",
                             std::chrono::seconds(1));
    case Authentication::Verdict::kWrong:
      break;
  }
  Response response = PlainText(401, "unauthorized");
  response.headers.emplace_back("WWW-Authenticate",
                                "Basic realm=\"leak_exporter\"");
  return response;
}

}  // namespace leak_exporter::http
