#include "exporter/http/auth/authentication.h"

#include <crypt.h>
#include <gnutls/crypto.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <utility>

#include "exporter/http/auth/token_bucket.h"

namespace leak_exporter::http {
namespace {

/// Takes as long wherever the first difference is.
bool IsSameText(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    difference |= static_cast<unsigned char>(a[i] ^ b[i]);
  }
  return difference == 0;
}

bool MatchesByCrypt(const std::string& password, const std::string& hash) {
  // 32 KiB, too much for the stack of a connection's thread.
  const auto data = std::make_unique<crypt_data>();
  const char* const found =
      ::crypt_r(password.c_str(), hash.c_str(), data.get());
  return found != nullptr && IsSameText(found, hash);
}

/// The hashes begin with "$2y$10$": the cost is the two digits.
std::string DecoyFor(const UserHashes& users) {
  std::string cost = "04";
  for (const auto& [user, hash] : users) {
    cost = std::max(cost, hash.substr(4, 2));
  }
  return "$2y$" + cost + "$QOauhQNbBCuQDKes6eFzPe" +
         "MqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi";
}

}  // namespace

size_t Authentication::DigestHash::operator()(const Digest& digest) const {
  size_t hash = 0;
  std::memcpy(&hash, digest.data(), sizeof hash);
  return hash;
}

Authentication::Authentication(UserHashes users, const Clock& clock,
                               const AuthenticationLimits& limits)
    : Authentication(std::move(users), clock, limits, &MatchesByCrypt) {}

Authentication::Authentication(UserHashes users, const Clock& clock,
                               const AuthenticationLimits& limits,
                               Matches matches)
    : users_(std::move(users)),
      clock_(clock),
      limits_(limits),
      matches_(std::move(matches)),
      decoy_(DecoyFor(users_)) {
  if (::gnutls_rnd(GNUTLS_RND_KEY, key_.data(), key_.size()) != 0) {
    throw std::runtime_error("no random numbers for authentication");
  }
}

/// Counts a request that waits, or whose password is checked, until it ends.
class Authentication::Waiting {
 public:
  explicit Waiting(Authentication& authentication)
      : authentication_(authentication) {}
  ~Waiting() {
    const std::lock_guard lock(authentication_.mutex_);
    --authentication_.waiting_;
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  Authentication& authentication_;
};

Authentication::Verdict Authentication::Check(std::string_view address,
                                              std::string_view header) {
  const auto credentials = ParseBasicCredentials(header);
  if (!credentials) return Verdict::kWrong;
  const Digest digest = DigestOf(*credentials);
  {
    const std::lock_guard lock(mutex_);
    const auto known = known_.find(digest);
    if (known != known_.end()) {
      return known->second ? Verdict::kRight : Verdict::kWrong;
    }
    if (waiting_ >= limits_.most_waiting || !TakeToken(address)) {
      return Verdict::kLater;
    }
    ++waiting_;
  }
  const Waiting waiting(*this);
  const auto user = users_.find(credentials->user);
  const bool exists = user != users_.end();
  bool right = false;
  {
    const std::lock_guard lock(computing_);
    const bool same =
        matches_(credentials->password, exists ? user->second : decoy_);
    right = exists && same;
  }
  const std::lock_guard lock(mutex_);
  Remember(digest, right);
  return right ? Verdict::kRight : Verdict::kWrong;
}

Authentication::Digest Authentication::DigestOf(
    const BasicCredentials& credentials) const {
  const std::string text = credentials.user + '\0' + credentials.password;
  Digest digest{};
  if (::gnutls_hmac_fast(GNUTLS_MAC_SHA256, key_.data(), key_.size(),
                         text.data(), text.size(), digest.data()) != 0) {
    throw std::runtime_error("no SHA-256 for authentication");
  }
  return digest;
}

bool Authentication::TakeToken(std::string_view address) {
  const TimePoint now = clock_.Now();
  if (full_at_.size() >= limits_.most_addresses) {
    std::erase_if(full_at_,
                  [&](const auto& entry) { return entry.second <= now; });
  }
  const auto known = full_at_.find(std::string(address));
  if (known == full_at_.end() && full_at_.size() >= limits_.most_addresses) {
    return false;
  }
  return !http::TakeToken({limits_.check_interval, limits_.checks_at_once}, now,
                          full_at_[std::string(address)]);
}

void Authentication::Remember(const Digest& digest, bool right) {
  if (known_.size() >= limits_.most_credentials) {
    // Wrong ones make room: there are few that are right.
    std::erase_if(known_, [](const auto& entry) { return !entry.second; });
    if (known_.size() >= limits_.most_credentials) known_.clear();
  }
  known_[digest] = right;
}

}  // namespace leak_exporter::http
