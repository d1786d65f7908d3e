#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "exporter/http/message.h"

namespace leak_exporter::http {

/// Whose processes a client may look into: nobody's, one user's, or
/// everybody's.
class Trust {
 public:
  Trust() = default;
  static Trust InEverything();
  static Trust InUser(uid_t user);

  bool MaySeeEverything() const { return everything_; }
  /// Whether it may see the values of a process of `user`; absent if that is
  /// not known.
  bool MaySee(const std::optional<uid_t>& user) const;

 private:
  bool everything_ = false;
  std::optional<uid_t> user_;
};

/// Tells whom to trust. An authenticated client may see everything. One on this
/// machine that asks by one of its names may see what belongs to the owner of
/// its socket; root and this program's own user may see everything. The name
/// matters, because a page that a browser loaded from elsewhere asks by the
/// name of its own server, wherever that name leads. What a proxy passes on is
/// not trusted.
class ClientTrust {
 public:
  /// `host_name` is as gethostname(2) gives it.
  ClientTrust(const std::string& host_name, uid_t own_user);

  /// Looks up the owner of the client's socket.
  Trust Of(const Request& request) const;

 private:
  bool AsksByOwnName(const Request& request) const;

  std::string host_name_;
  uid_t own_user_;
};

/// Refuses a request that a page of another site has a browser send, by
/// `Origin` and `Sec-Fetch-Site`. For requests that change something. Absent if
/// the request is of our own pages, or of no page.
std::optional<Response> RefuseCrossSite(const Request& request);

}  // namespace leak_exporter::http
