#include "exporter/http/client_trust.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "metrics/base/ascii.h"

namespace leak_exporter::http {
namespace {

constexpr std::array kProxyHeaders = {"Forwarded", "X-Forwarded-For",
                                      "X-Forwarded-Host", "Via"};

/// Takes the port off the value of a Host header, and the brackets of an IPv6
/// address.
std::string_view HostOf(std::string_view host) {
  if (host.starts_with('[')) {
    const size_t end = host.find(']');
    return end == std::string_view::npos ? std::string_view()
                                         : host.substr(1, end - 1);
  }
  return host.substr(0, host.find(':'));
}

bool IsNumeric(const std::string& host) {
  in6_addr address{};
  return ::inet_pton(AF_INET, host.c_str(), &address) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

/// "http://HOST" to "HOST"; empty for an origin that is none.
std::string_view HostOfOrigin(std::string_view origin) {
  const size_t scheme = origin.find("://");
  return scheme == std::string_view::npos ? std::string_view()
                                          : origin.substr(scheme + 3);
}

}  // namespace

Trust Trust::InEverything() {
  Trust trust;
  trust.everything_ = true;
  return trust;
}

Trust Trust::InUser(uid_t user) {
  Trust trust;
  trust.user_ = user;
  return trust;
}

bool Trust::MaySee(const std::optional<uid_t>& user) const {
  return everything_ || (user_ && user_ == user);
}

ClientTrust::ClientTrust(const std::string& host_name, uid_t own_user)
    : host_name_(LowerAscii(host_name)), own_user_(own_user) {}

Trust ClientTrust::Of(const Request& request) const {
  if (!request.client) return {};
  const Client client = request.client();
  if (client.authenticated) return Trust::InEverything();
  const bool is_passed_on = std::any_of(
      kProxyHeaders.begin(), kProxyHeaders.end(),
      [&request](const char* name) { return !request.header(name).empty(); });
  if (!client.on_this_machine || !client.owner || is_passed_on ||
      !AsksByOwnName(request)) {
    return {};
  }
  if (*client.owner == 0 || *client.owner == own_user_) {
    return Trust::InEverything();
  }
  return Trust::InUser(*client.owner);
}

bool ClientTrust::AsksByOwnName(const Request& request) const {
  const std::string host = LowerAscii(HostOf(request.header("Host")));
  if (host.empty()) return false;
  return host == "localhost" || host == host_name_ ||
         host == host_name_.substr(0, host_name_.find('.')) || IsNumeric(host);
}

std::optional<Response> RefuseCrossSite(const Request& request) {
  const std::string_view site = request.header("Sec-Fetch-Site");
  const std::string_view origin = request.header("Origin");
  const bool is_ours = site.empty() || site == "same-origin" || site == "none";
  if (is_ours &&
      (origin.empty() ||
       EqualsIgnoringCase(HostOfOrigin(origin), request.header("Host")))) {
    return std::nullopt;
  }
  return PlainText(403, "a page of another site may not ask for this");
}

}  // namespace leak_exporter::http
