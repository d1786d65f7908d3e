#include "metrics/base/error_tally.h"

#include <algorithm>
#include <cerrno>

namespace leak_exporter {
namespace {

std::string_view CauseOf(const Error& error) {
  if (IsPermission(error)) return "permission";
  switch (error.code) {
    case 0:
      return "malformed";
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return "limit";
    case ETIMEDOUT:
      return "timeout";
    default:
      return "io";
  }
}

}  // namespace

void ErrorTally::Add(const Error& error) {
  if (!IsGone(error)) Add(CauseOf(error), error.message);
}

void ErrorTally::Add(std::string_view cause, std::string_view message) {
  const auto known = std::find_if(
      errors_.begin(), errors_.end(),
      [&](const CollectorError& error) { return error.cause == cause; });
  if (known != errors_.end()) {
    ++known->count;
    return;
  }
  errors_.push_back({std::string(cause), 1, std::string(message)});
}

}  // namespace leak_exporter
