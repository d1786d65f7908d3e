#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include "metrics/base/result.h"

namespace leak_exporter {

/// Finds the uid of a user that is given by name or by number. The code of an
/// error is 0 if there is no such user. Thread-safe.
using UserLookup = std::function<Result<uid_t>(const std::string& user)>;

/// Asks the user database (getpwnam(3)), whose modules may read files, connect
/// to services and wait for them.
Result<uid_t> LookUpUser(const std::string& user);

}  // namespace leak_exporter
