#include "exporter/service/user_helper.h"

#include <charconv>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "metrics/procfs/text.h"

namespace leak_exporter {
namespace {

constexpr std::chrono::seconds kPatience{1};

/// "uid 33", or "error 5 user 'x': Input/output error".
std::string Answer(std::string_view user) {
  const auto uid = LookUpUser(std::string(user));
  if (uid) return "uid " + std::to_string(*uid);
  return "error " + std::to_string(uid.error().code) + " " +
         uid.error().message;
}

Result<uid_t> Parse(std::string_view answer) {
  constexpr std::string_view kUid = "uid ";
  if (answer.starts_with(kUid)) {
    const auto uid = procfs::ParseNumber<uid_t>(answer.substr(kUid.size()));
    if (uid) return *uid;
  }
  constexpr std::string_view kError = "error ";
  int code = 0;
  if (answer.starts_with(kError)) {
    answer.remove_prefix(kError.size());
    const char* const end = answer.data() + answer.size();
    const auto parsed = std::from_chars(answer.data(), end, code);
    if (parsed.ec == std::errc() && parsed.ptr != end) {
      return Failure(code, std::string(parsed.ptr + 1, end));
    }
  }
  return Failure(EIO, "the helper process answered nonsense");
}

}  // namespace

Result<UserLookup> StartUserHelper() {
  auto started = HelperProcess::Start(&Answer);
  if (!started) return tl::unexpected<Error>(started.error());
  // Shared, because a function is copied.
  auto helper = std::make_shared<HelperProcess>(*std::move(started));
  return UserLookup([helper](const std::string& user) -> Result<uid_t> {
    // A number needs no look into the database. No name is longer.
    if (const auto uid = procfs::ParseNumber<uid_t>(user)) return *uid;
    if (user.empty() || user.size() >= HelperProcess::kMostBytes) {
      return Failure(0, "user '" + user.substr(0, 40) + "' is not known here");
    }
    const auto answer = helper->Ask(user, kPatience);
    if (!answer) {
      return Failure(answer.error().code,
                     "user '" + user + "': " + answer.error().message);
    }
    return Parse(*answer);
  });
}

}  // namespace leak_exporter
