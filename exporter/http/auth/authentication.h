#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "exporter/http/auth/basic_credentials.h"
#include "metrics/base/clock.h"

namespace leak_exporter::http {

/// The bcrypt hash of each user's password.
using UserHashes = std::map<std::string, std::string>;

/// Bounds for the work that clients can cause.
struct AuthenticationLimits {
  /// Passwords that a client address may have checked at once, and then one
  /// each interval. A password that was found right is remembered and costs
  /// nothing again.
  size_t checks_at_once = 5;
  std::chrono::nanoseconds check_interval = std::chrono::seconds(1);
  /// Requests that wait for the check of a password before theirs.
  size_t most_waiting = 8;
  /// Client addresses and credentials that are remembered.
  size_t most_addresses = 1024;
  size_t most_credentials = 256;
};

/// Checks users and passwords. A hash is computed once for each credential, one
/// at a time, and takes as long for a user that does not exist. Thread-safe.
class Authentication {
 public:
  /// Whether a text matches a hash, as crypt(3) computes it. Tests count calls.
  using Matches =
      std::function<bool(const std::string& password, const std::string& hash)>;

  enum class Verdict {
    kRight,
    /// Wrong, or none given.
    kWrong,
    /// Not checked: this address has had too many wrong ones, or too many wait.
    kLater,
  };

  /// `clock` must outlive this object.
  Authentication(UserHashes users, const Clock& clock,
                 const AuthenticationLimits& limits = {});
  Authentication(UserHashes users, const Clock& clock,
                 const AuthenticationLimits& limits, Matches matches);

  /// `address` is the client's, without its port. `header` is the value of
  /// Authorization. Waits for the checks before this one.
  Verdict Check(std::string_view address, std::string_view header);

 private:
  class Waiting;
  using TimePoint = std::chrono::steady_clock::time_point;
  using Digest = std::array<unsigned char, 32>;
  struct DigestHash {
    size_t operator()(const Digest& digest) const;
  };

  Digest DigestOf(const BasicCredentials& credentials) const;
  bool TakeToken(std::string_view address);
  void Remember(const Digest& digest, bool right);

  const UserHashes users_;
  const Clock& clock_;
  const AuthenticationLimits limits_;
  const Matches matches_;
  /// A hash that no user has, as costly as the costliest of them.
  const std::string decoy_;
  /// Makes the digests useless to whoever sees this process's memory later.
  Digest key_;

  /// Held while a hash is computed.
  std::mutex computing_;
  std::mutex mutex_;
  size_t waiting_ = 0;
  std::unordered_map<Digest, bool, DigestHash> known_;
  /// When each address will have all its checks again.
  std::unordered_map<std::string, TimePoint> full_at_;
};

}  // namespace leak_exporter::http
