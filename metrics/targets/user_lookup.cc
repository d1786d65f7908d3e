#include "metrics/targets/user_lookup.h"

#include <pwd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "metrics/procfs/text.h"

namespace leak_exporter {

Result<uid_t> LookUpUser(const std::string& user) {
  if (const auto uid = procfs::ParseNumber<uid_t>(user)) return *uid;
  std::vector<char> buffer(size_t{16} * 1024);
  passwd entry{};
  passwd* found = nullptr;
  int code = 0;
  do {
    code = ::getpwnam_r(user.c_str(), &entry, buffer.data(), buffer.size(),
                        &found);
  } while (code == EINTR);
  if (found != nullptr) return entry.pw_uid;
  if (code != 0) {
    return Failure(EIO, "user '" + user + "': " + std::strerror(code));
  }
  return Failure(0, "user '" + user + "' is not known here");
}

}  // namespace leak_exporter
